"""Packages for data workers and scripts do not import JAX."""

import subprocess
import sys


def test_text_and_metrics_do_not_import_jax():
    code = "import sys, timesuite_jax.text, timesuite_jax.metrics; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0

"""Text and metrics are for data workers and scripts: importing them must not start JAX."""

import subprocess
import sys


def test_text_and_metrics_import_without_jax():
    code = "import sys, timesuite_jax.text, timesuite_jax.metrics; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0

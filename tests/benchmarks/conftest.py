"""The scripts under benchmarks/ import one another as siblings, as they do when they are run."""

import sys

from tests.support.paths import BENCHMARKS

sys.path.insert(0, str(BENCHMARKS))

"""One process of several that run `timesuite features`, with a heartbeat of a second.

`extract_together.py ARGUMENT...`
"""

import sys

from timesuite_jax.cli.main import main
from timesuite_jax.resilience import liveness

if __name__ == "__main__":
    liveness.HEARTBEAT_TIMEOUT = 1.0
    sys.exit(main(["features", *sys.argv[1:]]))

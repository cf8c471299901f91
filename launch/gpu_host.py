"""Trains on the NVIDIA GPUs of this machine; a crash is tried again, from the last checkpoint.

example:
  python launch/gpu_host.py configs/timesuite/finetune.py --workdir run --config.data.batch_size=8 --dry-run
"""

import argparse
import os
import shlex
import signal
import subprocess
import sys
import time

from performance_flags import GPU, line

# Tensors live in one arena that JAX takes at the start. Nothing else runs on a training machine; what is left is for
# NCCL and cuBLAS (docs.nvidia.com/jax-toolbox advises 0.8 to 0.9; JAX's own default is 0.75).
ENVIRONMENT = {"XLA_FLAGS": line(GPU), "XLA_PYTHON_CLIENT_MEM_FRACTION": "0.9"}
# A crash of ours, or of a driver below, which a signal ends; 0 is done, 2 a user's mistake.
_RETRIED = (1, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGSEGV)


def main(words: list[str] | None = None) -> int:
    """Trains; returns the exit code of the last try."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", metavar="CONFIG[:ARG]")
    parser.add_argument("--workdir", required=True)
    parser.add_argument("--tries", type=int, default=10, help="at most (default %(default)s)")
    parser.add_argument("--pause", type=float, default=5.0, help="seconds between them (default %(default)s)")
    parser.add_argument("--dry-run", action="store_true", help="print what would be done")
    args, overrides = parser.parse_known_args(words)
    environment = {**ENVIRONMENT, "XLA_FLAGS": f"{os.environ.get('XLA_FLAGS', '')} {ENVIRONMENT['XLA_FLAGS']}".strip()}
    train = ("timesuite", "train", args.config, "--workdir", args.workdir, *overrides)
    settings = " ".join(f"{name}={shlex.quote(value)}" for name, value in environment.items())
    print(f"# at most {args.tries} times, as long as it crashes\n{settings} {shlex.join(train)}", flush=True)
    code = 0
    for attempt in range(0 if args.dry_run else args.tries):
        code = subprocess.run(train, env={**os.environ, **environment}, check=False).returncode
        if code not in _RETRIED:
            break
        print(f"# try {attempt + 1} ended with exit code {code}", file=sys.stderr)
        time.sleep(args.pause)
    return code if code >= 0 else 128 - code  # as a shell has it


if __name__ == "__main__":
    sys.exit(main())

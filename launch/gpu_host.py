"""Trains on the NVIDIA GPUs of this machine; after a crash the run is restarted from the last checkpoint.

example:
  python launch/gpu_host.py configs/timesuite/finetune.py --workdir run --config.data.batch_size=8 --dry-run

SIGTERM and Ctrl-C make the run save and exit; it is not restarted then.
"""

import argparse
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

from commands import missing
from performance_flags import GPU, line

# JAX preallocates this fraction of the memory. Nothing else runs on a training machine; the rest is for NCCL and cuBLAS
# (docs.nvidia.com/jax-toolbox recommends 0.8 to 0.9; JAX's default is 0.75).
SHARE = "XLA_PYTHON_CLIENT_MEM_FRACTION"
# Crashes of the program, or signals from a crashing driver; 0 is success, 2 a user's error.
_RETRIED = (1, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGSEGV)


def main(words: list[str] | None = None) -> int:
    """Trains; returns the exit code of the last attempt."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", metavar="CONFIG[:ARG]")
    parser.add_argument("--workdir", required=True)
    parser.add_argument("--tries", type=int, default=10, help="maximum number of attempts (default %(default)s)")
    parser.add_argument("--pause", type=float, default=5.0, help="seconds between attempts (default %(default)s)")
    parser.add_argument("--dry-run", action="store_true", help="print the command only")
    args, overrides = parser.parse_known_args(words)
    if args.tries < 1:
        parser.error(f"--tries {args.tries} is less than 1")
    # Variables that are already set are kept.
    flags = f"{line(GPU)} {os.environ.get('XLA_FLAGS', '')}".strip()
    settings = {"XLA_FLAGS": flags, SHARE: os.environ.get(SHARE, "0.9")}
    train = ("timesuite", "train", args.config, "--workdir", args.workdir, *overrides)
    shown = " ".join(f"{name}={shlex.quote(value)}" for name, value in settings.items())
    print(f"# at most {args.tries} attempts, while it crashes\n{shown} {shlex.join(train)}", flush=True)
    if args.dry_run:
        return 0
    return try_often(train, {**os.environ, **settings}, args.tries, args.pause)


def try_often(train: Sequence[str], environment: Mapping[str, str], tries: int, pause: float) -> int:
    """Restarts a command while it crashes and no signal was received; returns the exit code of the last attempt."""
    running: list[subprocess.Popen[bytes]] = []
    asked: list[int] = []

    def pass_on(number: int, _: object) -> None:
        asked.append(number)
        if number == signal.SIGTERM and running:  # a terminal sends Ctrl-C to both processes
            running[-1].send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, pass_on)
    code = 0
    for attempt in range(tries):
        if attempt:
            print(f"# attempt {attempt} ended with exit code {code}", file=sys.stderr)
            time.sleep(pause)
        if asked:
            break
        try:
            running.append(subprocess.Popen(train, env=environment))
        except FileNotFoundError:
            missing(train[0])
        if asked:  # received while the process was being started
            running[-1].terminate()
        code = running[-1].wait()
        if code not in _RETRIED:
            break
    return code if code >= 0 else 128 - code  # as in a shell


if __name__ == "__main__":
    sys.exit(main())

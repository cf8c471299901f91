"""Trains on the NVIDIA GPUs of this machine; a crash is tried again, from the last checkpoint.

example:
  python launch/gpu_host.py configs/timesuite/finetune.py --workdir run --config.data.batch_size=8 --dry-run

SIGTERM and Ctrl-C are the run's, which saves and ends; it is not tried again then.
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

# Tensors live in one arena that JAX takes at the start. Nothing else runs on a training machine; what is left is for
# NCCL and cuBLAS (docs.nvidia.com/jax-toolbox advises 0.8 to 0.9; JAX's own default is 0.75).
SHARE = "XLA_PYTHON_CLIENT_MEM_FRACTION"
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
    if args.tries < 1:
        parser.error(f"--tries {args.tries} is less than 1")
    # What is set already has the last word.
    flags = f"{line(GPU)} {os.environ.get('XLA_FLAGS', '')}".strip()
    settings = {"XLA_FLAGS": flags, SHARE: os.environ.get(SHARE, "0.9")}
    train = ("timesuite", "train", args.config, "--workdir", args.workdir, *overrides)
    shown = " ".join(f"{name}={shlex.quote(value)}" for name, value in settings.items())
    print(f"# at most {args.tries} times, as long as it crashes\n{shown} {shlex.join(train)}", flush=True)
    if args.dry_run:
        return 0
    return try_often(train, {**os.environ, **settings}, args.tries, args.pause)


def try_often(train: Sequence[str], environment: Mapping[str, str], tries: int, pause: float) -> int:
    """Runs a command again as long as it crashes and nobody has asked it to stop; the exit code of the last try."""
    running: list[subprocess.Popen[bytes]] = []
    asked: list[int] = []

    def pass_on(number: int, _: object) -> None:
        asked.append(number)
        if number == signal.SIGTERM and running:  # a terminal's Ctrl-C goes to both of us anyway
            running[-1].send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, pass_on)
    code = 0
    for attempt in range(tries):
        if attempt:
            print(f"# try {attempt} ended with exit code {code}", file=sys.stderr)
            time.sleep(pause)
        if asked:
            break
        try:
            running.append(subprocess.Popen(train, env=environment))
        except FileNotFoundError:
            missing(train[0])
        if asked:  # while it was started, so that nobody has told it
            running[-1].terminate()
        code = running[-1].wait()
        if code not in _RETRIED:
            break
    return code if code >= 0 else 128 - code  # as a shell has it


if __name__ == "__main__":
    sys.exit(main())

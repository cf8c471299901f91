"""How every script of this folder ends: Ctrl-C and errors of the user are one line, and no child process survives.

Scripts import this module before their frameworks, whose imports take seconds: Ctrl-C is one line from then on.
"""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

from timesuite_jax.errors import UserError

USER_MISTAKE, INTERRUPTED = 2, 130  # exit codes, as those of `timesuite`


def run_main(main: Callable[[], None]) -> NoReturn:
    """Runs a script's `main` and exits: 0, 1 after a failed child, 2 after a `UserError`, or 130 after Ctrl-C."""
    try:
        main()
    except UserError as error:
        _print_line(error)
        sys.exit(USER_MISTAKE)
    except subprocess.CalledProcessError as error:  # the child has printed why
        _print_line(f"a child process failed with exit code {error.returncode}")
        sys.exit(1)
    except KeyboardInterrupt as error:
        _print_line(error)
        sys.exit(INTERRUPTED)
    sys.exit(0)


def run_child(command: Sequence[str | Path], *, check: bool = True, **options: Any) -> subprocess.CompletedProcess:
    """Runs a command that ends with this process; `options` are those of `subprocess.run`.

    Its process group is its own, so that a terminal sends Ctrl-C to this process only, and `subprocess.run` kills the
    child.

    Raises:
      subprocess.CalledProcessError: if it fails and `check`.
    """
    return subprocess.run(command, check=check, text=True, process_group=0, **options)


@contextmanager
def interrupts_blocked() -> Iterator[None]:
    """Blocks Ctrl-C until the end of the block, and for ever in processes that are started within.

    The process that started them ends them.
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _print_line(error: BaseException | str) -> None:
    print(f"{Path(sys.argv[0]).stem}: {error if str(error) else 'interrupted'}", file=sys.stderr)


def _hide_traceback_of_interrupt(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """Prints an unhandled exception, Ctrl-C without traceback; the interpreter then exits as after any Ctrl-C."""
    if issubclass(kind, KeyboardInterrupt):
        _print_line(error)
    else:
        sys.__excepthook__(kind, error, traceback)


sys.excepthook = _hide_traceback_of_interrupt  # until `run_main`: while the script is imported

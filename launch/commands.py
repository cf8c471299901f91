"""A launch is a list of commands, each with its reason: printed with --dry-run, carried out without."""

import shlex
import subprocess
import sys
from collections.abc import Iterable
from typing import NamedTuple, NoReturn


class Command(NamedTuple):
    """What to do and why."""

    why: str
    words: tuple[str, ...]


def carry_out(commands: Iterable[Command], *, dry_run: bool) -> None:
    """Prints each command and, unless it is a dry run, waits until it is done.

    Raises:
      SystemExit: with the command's own exit code if it fails, 2 if its program is not installed.
    """
    for command in commands:
        if dry_run:
            _show(command)
        elif code := attempt(command):
            sys.exit(code)


def attempt(command: Command) -> int:
    """Prints a command, waits until it is done, and tells if it fails; its exit code.

    Raises:
      SystemExit: with exit code 2 if its program is not installed.
    """
    _show(command)
    try:
        code = subprocess.run(command.words, check=False).returncode
    except FileNotFoundError:
        missing(command.words[0])
    if code:
        print(f"failed with exit code {code}: {shlex.join(command.words)}", file=sys.stderr)
    return code


def ask(words: tuple[str, ...]) -> str | None:
    """What a command answers; None if it fails.

    Raises:
      SystemExit: with exit code 2 if its program is not installed.
    """
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        missing(words[0])
    return done.stdout.strip() if done.returncode == 0 else None


def missing(program: str) -> NoReturn:
    """Ends with exit code 2 and a sentence: a program is not installed."""
    print(f"{program} is not installed; see docs/pods.md, or add --dry-run to look only", file=sys.stderr)
    sys.exit(2)


def _show(command: Command) -> None:
    print(f"# {command.why}\n{shlex.join(command.words)}", flush=True)

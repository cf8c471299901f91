"""Runs a list of shell commands, each with its reason, or prints them with --dry-run."""

import shlex
import subprocess
import sys
from collections.abc import Iterable
from typing import NamedTuple, NoReturn


class Command(NamedTuple):
    """A command and its reason."""

    why: str
    words: tuple[str, ...]


def carry_out(commands: Iterable[Command], *, dry_run: bool) -> None:
    """Prints each command and, unless it is a dry run, runs it to its end.

    Raises:
      SystemExit: with the command's own exit code if it fails, 2 if its program is not installed.
    """
    for command in commands:
        if dry_run:
            _show(command)
        elif code := attempt(command):
            sys.exit(code)


def attempt(command: Command) -> int:
    """Prints and runs a command, reports a failure, and returns the exit code.

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
    """The output of a command; None if it fails.

    Raises:
      SystemExit: with exit code 2 if its program is not installed.
    """
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        missing(words[0])
    return done.stdout.strip() if done.returncode == 0 else None


def missing(program: str) -> NoReturn:
    """Exits with code 2 and a message: a program is not installed."""
    print(f"{program} is not installed; see docs/pods.md, or add --dry-run to print the commands only", file=sys.stderr)
    sys.exit(2)


def _show(command: Command) -> None:
    print(f"# {command.why}\n{shlex.join(command.words)}", flush=True)

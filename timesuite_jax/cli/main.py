"""`timesuite COMMAND ...`: imports and runs the command; prints a `UserError` as one line and exits with code 2."""

import argparse
import errno
import importlib
import io
import logging
import os
import re
import sys
import warnings
from collections.abc import Sequence

from timesuite_jax import __version__
from timesuite_jax.cli._compile_cache import use_compile_cache
from timesuite_jax.cli._native_libraries import configure_native_libraries
from timesuite_jax.cli._printable import printable
from timesuite_jax.errors import UserError

# name -> one line for `timesuite --help`. The module `timesuite_jax.cli.<name>` is imported when it is called.
COMMANDS = {
    "quickstart": "make videos, train a tiny model of a family on them and score it, in minutes on a laptop",
    "finetune": "fine-tune on your own videos: from a file of rows to a scored model",
    "train": "train a model from a config file",
    "aot": "compile for an absent TPU topology: memory, FLOPs and collectives per chip",
    "evaluate": "score a trained model",
    "score": "score a file of predictions of any model",
    "compare": "explain why two scores differ",
    "ask": "ask questions about a video",
    "serve": "answer questions about videos over HTTP, with OpenAI's chat completions",
    "demo": "open a page to ask questions about videos",
    "classify": "recognize the action in videos",
    "features": "extract features of videos by sliding windows",
    "recommend": "recommend items that are likely to follow a history",
    "port": "convert checkpoints from and to PyTorch",
    "data": "build, check and show corpora; make data sets of interactions",
}
USER_MISTAKE, INTERRUPTED = 2, 130
# Libraries whose errors are about a bucket, a login or the network to them.
_CLOUD = ("gcsfs.", "google.auth.", "google.api_core.", "aiohttp.")
_KEY_ALONE = re.compile(r"--config\.[^=]+")
_OPTION = re.compile(r"--?[a-zA-Z]")  # "-3" is a value
_CONFIG_FILE = re.compile(r".*\.py(?::[^/]*)?|(?:.*/)?config\.json")  # never the value of a key
# Errors of the file system caused by a name that the user gave; any command may meet them first.
_UNUSABLE = (errno.ENAMETOOLONG, errno.ELOOP, errno.EACCES, errno.EPERM)


def _parser() -> argparse.ArgumentParser:
    commands = "\n".join(f"  {name:<12}{text}" for name, text in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="timesuite",
        description=f"Video understanding in JAX.\n\ncommands:\n{commands}",
        epilog="example:\n  timesuite quickstart --workdir /tmp/quickstart\n\nOptions: `timesuite COMMAND --help`",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"timesuite_jax {__version__}")
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code (0 success, 1 a check failed, 2 a user's error, 130 interrupted)."""
    argv = list(sys.argv[1:] if argv is None else argv)
    parser = _parser()
    name = parser.parse_args(argv[:1] or ["--help"]).command
    try:
        return _run(name, argv[1:])
    except UserError as error:
        _ignore_abandoned_writes()
        print(f"timesuite {name}: {printable(str(error))}", file=sys.stderr)
        return USER_MISTAKE
    except KeyboardInterrupt:
        print(f"timesuite {name}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (`| head`) exited, which is not an error; without stdout the interpreter prints no message either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if not (message := _explain(error)):
            raise
        _ignore_abandoned_writes()
        print(f"timesuite {name}: {printable(message)}", file=sys.stderr)
        return USER_MISTAKE


def _run(name: str, words: Sequence[str]) -> int:
    """Imports and runs a command; returns its exit code."""
    use_compile_cache(os.environ)
    configure_native_libraries(os.environ, _log_level())
    module = importlib.import_module(f"timesuite_jax.cli.{name}")
    parser = argparse.ArgumentParser(
        prog=f"timesuite {name}", description=module.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    module.add_arguments(parser)
    _quiet_logs()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # file names and keys may contain surrogates
    return module.run(_parse(parser, name, _join_overrides(words)))


def _explain(error: Exception) -> str:
    """The message for an error of the file system or of a bucket that the user can fix; "" for any other error."""
    if isinstance(error, OSError) and error.errno in _UNUSABLE and error.filename is not None:  # not e.g. of a lock
        return f"cannot use {error.filename} ({error.strerror}); correct the name or the permissions"
    # A missing object or bucket is a FileNotFoundError without a number, which the operating system's errors have.
    missing = isinstance(error, FileNotFoundError) and error.errno is None
    if missing or type(error).__module__.startswith(_CLOUD):
        reason = " ".join(str(error).split()) or type(error).__name__
        return f"the bucket cannot be used ({reason}); check its name, your permissions, your login and the network"
    return ""


def _parse(parser: argparse.ArgumentParser, name: str, words: Sequence[str]) -> argparse.Namespace:
    """Parses the words of a command; after `--help`, also prints the keys of the config that they name."""
    try:
        args, extra = parser.parse_known_args(words)
    except SystemExit as stop:
        if stop.code == 0:  # the help has been printed
            from timesuite_jax.cli._configs import print_config_keys  # imported late: slow

            print_config_keys(words, positional=name in ("train", "aot"))
        raise
    # `--config.model.x=y` overrides a config file; only commands that read one accept it.
    args.overrides = [word for word in extra if word.startswith("--config.")]
    unknown = [word for word in extra if word not in args.overrides]
    if args.overrides and not hasattr(args, "config"):
        unknown = extra
    if unknown:
        command = " ".join([name, *filter(None, [getattr(args, "action", None)])])
        parser.error(f"unrecognised: {' '.join(unknown)}; see timesuite {command} --help")
    return args


def _join_overrides(words: Sequence[str]) -> list[str]:
    """Joins `--config.KEY VALUE` to one word, so that the value is not taken for an argument of the command.

    A config file is not taken for the value of a key before it, such as a flag of which the value is left out.
    """
    joined: list[str] = []
    for word in words:
        if joined and _KEY_ALONE.fullmatch(joined[-1]) and not (_OPTION.match(word) or _CONFIG_FILE.fullmatch(word)):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def _log_level() -> str:
    """Level of the logs that are shown: TIMESUITE_LOG."""
    return os.environ.get("TIMESUITE_LOG", "warning").upper()


def _ignore_abandoned_writes() -> None:
    """Ends the command's output with its error: Orbax's unfinished writes are reported at exit, as coroutines."""
    warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)


def _quiet_logs() -> None:
    """Hides the start-up messages of libraries; TIMESUITE_LOG=info shows them."""
    level = _log_level()
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("absl").setLevel(level)
    if "TIMESUITE_LOG" not in os.environ:  # with tracebacks; what failed is in the message of the command
        logging.getLogger("gcsfs").setLevel("CRITICAL")
    logging.getLogger("timesuite_jax.port.loader").setLevel("INFO")  # what files of weights have, and lack


if __name__ == "__main__":
    sys.exit(main())

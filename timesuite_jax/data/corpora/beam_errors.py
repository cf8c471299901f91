"""Turns errors that Apache Beam raises into messages for the user, where the user can fix them.

Beam raises an error of a worker process as a RuntimeError, whose text is the worker's traceback.
"""

import contextlib
import io
import re
from collections.abc import Iterator
from typing import Any

from timesuite_jax.errors import UserError

_OF_WORKER = re.compile(rf"^{re.escape(UserError.__module__)}\.UserError: (.*)$", re.MULTILINE)
_CONTEXT = re.compile(r" \[while running .*", re.DOTALL)  # which Beam appends to messages
_TRACEBACK = "Traceback (most recent call last)"


@contextlib.contextmanager
def explain_beam_errors(runner: str) -> Iterator[None]:
    """Raises errors of a pipeline that the user can fix as a `UserError`.

    Args:
      runner: name of the runner, for the message.

    Raises:
      UserError: one that a worker raised, or the reason why the pipeline did not start. Other errors, which are bugs,
        are raised unchanged.
    """
    try:
        yield
    except UserError as error:
        raise UserError(_CONTEXT.sub("", str(error))) from error
    except (RuntimeError, ValueError, OSError, ImportError) as error:
        text = str(error)
        if found := _OF_WORKER.findall(text):
            raise UserError(_CONTEXT.sub("", found[-1])) from error
        if _TRACEBACK in text:
            raise
        reason = " ".join(text.split())
        raise UserError(
            f"--runner {runner} cannot run the pipeline ({reason}); correct --pipeline-options, or leave --runner out "
            "to build with the processes of this machine"
        ) from error


def parse_options(beam_options: Any, words: list[str]) -> Any:
    """Parses the options of a pipeline.

    Args:
      beam_options: the module `apache_beam.options.pipeline_options`.
      words: as Beam's command line has them.

    Returns:
      A `PipelineOptions`.

    Raises:
      UserError: an option that Beam does not have, or a wrong value.
    """
    usage = io.StringIO()
    try:
        with contextlib.redirect_stderr(usage):  # Beam would print all of its options, and exit
            options = beam_options.PipelineOptions(words)
            known = options.get_all_options()
            unknown = sorted(set(options.get_all_options(retain_unknown_options=True)).difference(known))
    except SystemExit as error:
        reason = usage.getvalue().strip().rpartition("error: ")[2]
        raise UserError(f"--pipeline-options: {reason}; correct them, see the documentation of the runner") from error
    if unknown:
        raise UserError(
            f"--pipeline-options: Apache Beam has no option {', '.join(f'--{name}' for name in unknown)}; correct or "
            "remove it"
        )
    return options

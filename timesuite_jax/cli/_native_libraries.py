"""Settings of JAX's native libraries that hold before JAX is imported: quiet, and without a search for absent chips.

Variables that are already set are kept.
"""

import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import MutableMapping

from timesuite_jax.tpu_devices import has_tpu

# Levels of the logs of XLA and of libtpu on stderr: 0 prints everything, 3 only what ends the process. Errors of a
# program are exceptions, too; what else XLA logs as errors are hints to its authors ("Very slow compile?").
_EVERYTHING, _FATAL = "0", "3"
_VARIABLES = ("TF_CPP_MIN_LOG_LEVEL", "TPU_STDERR_LOG_LEVEL")


def configure_native_libraries(environ: MutableMapping[str, str], log_level: str) -> None:
    """Sets the variables that are not set.

    Args:
      environ: `os.environ`.
      log_level: of Python's loggers; with "INFO" or "DEBUG" the native libraries print all of theirs.
    """
    for variable in _VARIABLES:
        environ.setdefault(variable, _EVERYTHING if log_level in ("DEBUG", "INFO") else _FATAL)
    if "JAX_PLATFORMS" not in environ and _only_an_unused_libtpu():
        environ["JAX_PLATFORMS"] = "cpu"


def _only_an_unused_libtpu() -> bool:
    """Whether libtpu is installed (for `timesuite aot`) on a machine without TPUs, and no library for other chips.

    JAX would load it, which takes seconds, and report that it failed.
    """
    if importlib.util.find_spec("libtpu") is None or has_tpu():
        return False
    return not importlib.metadata.entry_points(group="jax_plugins") and importlib.util.find_spec("jax_plugins") is None


def hide_native_output() -> None:
    """Discards what native libraries print to stdout; Python keeps printing to it.

    Gloo, which connects the processes of a run on CPUs, reports each connection there, in the middle of results.
    """
    sys.stdout.flush()
    kept = os.dup(sys.stdout.fileno())
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    sys.stdout = os.fdopen(kept, "w", encoding=sys.stdout.encoding, errors=sys.stdout.errors, buffering=1)

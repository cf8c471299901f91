"""Settings of JAX's native libraries that hold before JAX is imported: quiet, and without a search for absent chips.

Variables that are already set are kept.
"""

import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import MutableMapping

from timesuite_jax.tpu_devices import has_tpu

# The levels of XLA's logs: 0 prints everything, 3 only what ends the process.
_LEVELS = {"DEBUG": "0", "INFO": "0", "WARNING": "2", "ERROR": "3"}


def configure_native_libraries(environ: MutableMapping[str, str], log_level: str) -> None:
    """Sets the variables that are not set.

    Args:
      environ: `os.environ`.
      log_level: of Python's loggers; XLA's warnings, which are about its internals, are shown with "INFO" only.
    """
    environ.setdefault("TF_CPP_MIN_LOG_LEVEL", _LEVELS.get(log_level, "2"))
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

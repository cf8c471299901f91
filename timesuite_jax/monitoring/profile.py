"""Profiles of a few steps, for xprof (`tensorboard --logdir WORKDIR` with the package `xprof`).

One is captured after `training.profile_at` steps, and one whenever the file WORKDIR/profile.request exists at a logged
step (`touch run/profile.request`, or `gcloud storage cp /dev/null gs://my-bucket/run/profile.request`): a file needs no
shell on the machine that trains. It contains the first process's devices; other hosts execute the same program.
"""

import logging
import shutil
import tempfile
from pathlib import Path

import jax
from etils import epath

REQUEST = "profile.request"
STEPS = 5
_log = logging.getLogger(__name__)


class Profile:
    """Captures profiles of `STEPS` whole steps.

    Args:
      workdir: of the run; profiles go to WORKDIR/plugins/profile/, where TensorBoard looks for them.
      at: finished steps after which one is captured; 0: on request only.
      capture: whether this process captures (one of a run's processes does).
    """

    def __init__(self, workdir: epath.Path, at: int, *, capture: bool = True) -> None:
        self._workdir, self._at, self._capture = workdir, at, capture
        self._until: int | None = None
        self._folder = ""

    def due(self, step: int, logged: bool) -> bool:
        """Whether to call `toggle` before the step after `step`; `logged`: also look for a request."""
        if self._until is not None:
            return step >= self._until
        return self._capture and ((step == self._at and step > 0) or (logged and self._requested()))

    def _requested(self) -> bool:
        request = self._workdir / REQUEST
        try:
            if not request.exists():
                return False
            request.unlink(missing_ok=True)
        except Exception as error:  # whatever a storage library raises: see `close`
            _log.warning("cannot read %s: %s", request, error)
            return False
        return True

    def toggle(self, step: int) -> str | None:
        """Starts a capture, or stops it; returns its folder, or an error. The devices should be idle."""
        if self._until is not None:
            return self.close()
        options = jax.profiler.ProfileOptions()
        options.python_tracer_level = 0  # Python calls would hide the steps
        try:
            # Captured to local disk: the profiler cannot write to buckets.
            self._folder = tempfile.mkdtemp(prefix="profile-")
            jax.profiler.start_trace(self._folder, profiler_options=options)
        except Exception as error:  # see `close`
            return f"not started: {error}"
        self._until = step + STEPS
        return None

    def close(self) -> str | None:
        """Stops a running capture and writes it; returns its folder, or an error."""
        if self._until is None:
            return None
        self._until = None
        try:
            jax.profiler.stop_trace()
            written = None
            for file in sorted(Path(self._folder).rglob("*")):
                if file.is_file():
                    written = self._workdir / file.relative_to(self._folder).as_posix()
                    written.parent.mkdir(parents=True, exist_ok=True)
                    written.write_bytes(file.read_bytes())
            return str(written.parent) if written else None
        except Exception as error:  # whatever profiler or storage raise: not a reason to end a run
            return f"not written: {error}"
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

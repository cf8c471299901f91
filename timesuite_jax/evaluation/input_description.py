"""What a model was shown for an example, for result files."""

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar, runtime_checkable

InputT_contra = TypeVar("InputT_contra", contravariant=True)


@runtime_checkable
class DescribesInputs(Protocol[InputT_contra]):
    """A `Predictor` whose inputs are described in result files, so that `timesuite compare` finds what differs."""

    def describe(self, prepared: InputT_contra) -> Mapping[str, Any]:
        """Returns what the model is shown for one prompt, as JSON values.

        Known keys: "question" (text), "frame_times" (seconds), "pixels" and "tokens" (checksums).
        """
        ...

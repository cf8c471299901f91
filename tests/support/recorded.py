"""Values that upstream's functions returned for random arguments, in `differential/` of the goldens of a family."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest


def recorded(goldens: Path, name: str) -> dict[str, Any]:
    """Reads NAME.json or NAME.json.gz; skips the test if a dump has neither."""
    file = goldens / "videochat_t" / "differential" / f"{name}.json"
    if file.is_file():
        return json.loads(file.read_text(encoding="utf-8"))
    if not (packed := file.with_name(f"{name}.json.gz")).is_file():
        pytest.skip(f"no {file.name} in {file.parent}")
    return json.loads(gzip.decompress(packed.read_bytes()))


class SeededLikeUpstream(np.random.Generator):
    """Draws as upstream's two global generators after `random.seed(seed)` and `np.random.seed(numpy_seed)`."""

    def __init__(self, seed: int, numpy_seed: int | None = None) -> None:
        super().__init__(np.random.PCG64(seed))
        self._seed, self._legacy = seed, np.random.RandomState(seed if numpy_seed is None else numpy_seed)

    def integers(self, *_: Any, **__: Any) -> int:
        """Returns the seed of Python's generator."""
        return self._seed

    def permutation(self, *args: Any, **_: Any) -> np.ndarray:
        """Permutes like `np.random.permutation`."""
        return self._legacy.permutation(*args)

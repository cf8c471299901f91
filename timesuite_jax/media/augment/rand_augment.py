"""RandAugment of a clip, configured by timm's strings such as "rand-m7-n4-mstd0.5-inc1"."""

import functools
import re
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from timesuite_jax.errors import UserError
from timesuite_jax.media.augment.image_ops import INCREASING_OPS, MAX_LEVEL, PLAIN_OPS

_SECTION = re.compile(r"(mstd|inc|[mn])(\d{1,3}(?:\.\d{1,4})?)")
_EXAMPLE = "rand-m7-n4-mstd0.5-inc1"


@dataclass(frozen=True)
class RandAugment:
    """Parameters of RandAugment.

    Attributes:
      magnitude: of the operations, 0 to 10.
      layers: number of operations drawn, each of which is applied with `probability`; one may be drawn twice.
      deviation: standard deviation of the magnitude of each operation.
      increasing: operations that change a frame more the larger the magnitude is.
      probability: that an operation that was drawn is applied.
    """

    magnitude: float = MAX_LEVEL
    layers: int = 2
    deviation: float = 0.0
    increasing: bool = False
    probability: float = 0.5

    def __call__(self, frames: UInt8[np.ndarray, "T H W 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "T H W 3"]:
        """Changes the frames of a clip: all of them by the same operations with the same arguments."""
        ops = INCREASING_OPS if self.increasing else PLAIN_OPS
        names = list(ops)
        images: list[Image.Image] | None = None
        for number in rng.integers(len(names), size=self.layers):
            if rng.random() >= self.probability:
                continue
            level = rng.normal(self.magnitude, self.deviation) if self.deviation else self.magnitude
            op = ops[names[number]]
            argument = op.argument(min(max(level, 0.0), MAX_LEVEL), rng)
            images = [op.apply(image, argument) for image in images or map(Image.fromarray, frames)]
        return frames if images is None else np.stack([np.asarray(image) for image in images])


@functools.cache
def parse_rand_augment(text: str) -> RandAugment:
    """Parses timm's notation: sections m (magnitude), n (layers), mstd (deviation) and inc (increasing) in any order.

    Raises:
      UserError: it is another notation.
    """
    name, *sections = text.split("-")
    found = [_SECTION.fullmatch(section) for section in sections]
    values = {match[1]: match[2] for match in found if match is not None}
    wrong = f"RandAugment {text!r}"
    if name != "rand" or None in found or len(values) < len(sections):
        raise UserError(f"{wrong} is not made of rand and one each of mN, nN, mstdX and inc0|1; write {_EXAMPLE!r}")
    if "." in values.get("n", "") or values.get("inc", "0") not in ("0", "1"):
        raise UserError(f"{wrong} has n or inc that is no whole number, or inc above 1; write {_EXAMPLE!r}")
    if float(values.get("m", MAX_LEVEL)) > MAX_LEVEL:
        raise UserError(f"{wrong} has a magnitude above {MAX_LEVEL:g}; write one of 0 to {MAX_LEVEL:g}")
    return RandAugment(
        float(values.get("m", MAX_LEVEL)),
        int(values.get("n", 2)),
        float(values.get("mstd", 0)),
        values.get("inc") == "1",
    )

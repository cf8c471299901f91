"""Options of masks."""

import dataclasses
from typing import Literal

from timesuite_jax.config_spec import bounded, check_bounds
from timesuite_jax.errors import UserError


@dataclasses.dataclass(frozen=True)
class MaskSpec:
    """`config.mask`: how the patches that the student does not see are chosen.

    Attributes:
      kind: "attention" draws patches without replacement, in proportion to the teacher's attention to them; "random"
        with equal probabilities; "tube" draws the same patches in each frame, with equal probabilities.
      scope: of "attention" and "random": each frame, or the clip with all its frames.
      ratio: part of the patches of a frame or a clip that is hidden.
    """

    kind: Literal["attention", "random", "tube"] = "attention"
    scope: Literal["frame", "clip"] = "frame"
    ratio: float = bounded(0.8, minimum=0)

    def __post_init__(self) -> None:
        """Checks that patches remain visible.

        Raises:
          UserError: naming the field.
        """
        check_bounds(self)
        if self.ratio >= 1:
            raise UserError(f"mask.ratio={self.ratio} hides all patches, and the student needs some; set it below 1")
        if self.kind == "tube" and self.scope != "frame":
            raise UserError("mask.kind='tube' hides the same patches in each frame; set mask.scope='frame'")

    def visible(self, frames: int, patches: int) -> int:
        """Number of visible patches of a clip, the same for each clip.

        Args:
          frames: of a clip.
          patches: of a frame.
        """
        groups, size = self.groups(frames, patches)
        return groups * (size - int(size * self.ratio))

    def groups(self, frames: int, patches: int) -> tuple[int, int]:
        """Groups of patches of a clip, each of which has the same number of visible ones, and patches of a group."""
        return (frames, patches) if self.scope == "frame" else (1, frames * patches)

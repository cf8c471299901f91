"""Sizes, weights and batches of the speed comparisons of InternVideo2, in NumPy.

Imports neither framework, so that the process of each side imports only its own.
"""

import dataclasses
import zlib

import numpy as np

SEED = 0
CLASSES = 400
LABEL_SMOOTHING = 0.1
WEIGHT_DECAY, LEARNING_RATE, BETAS, EPS, CLIP_NORM = 0.05, 1e-4, (0.9, 0.98), 1e-6, 3.0


@dataclasses.dataclass(frozen=True)
class Encoder:
    """Sizes of an encoder; its blocks have feed-forward layers of four times its width."""

    width: int
    depth: int
    heads: int


@dataclasses.dataclass(frozen=True)
class Sizes:
    """Sizes of student, teachers and batch; the defaults have 2,049 tokens, of which the student sees 417.

    Widths and heads are those of InternVideo2-S and -B, with fewer blocks. As in stage 1 of the released models, the
    teacher of images is wider than the student, and the MAE teacher attends to the heads of a token.
    """

    student: Encoder = Encoder(384, 4, 6)
    teacher: Encoder = Encoder(768, 2, 12)
    mae_teacher: Encoder = Encoder(384, 4, 6)
    pool_heads: int = 16
    pool_width: int = 768
    image: int = 224
    patch: int = 14
    frames: int = 8
    clips: int = 1
    ratio: float = 0.8  # of the patches that are hidden
    layers: int = 2  # blocks whose outputs are reconstructed, the last ones of the student and of each teacher

    @property
    def patches(self) -> int:
        """Of a frame."""
        return (self.image // self.patch) ** 2


MEDIUM = Sizes()
# Widths of the 1B and of its teachers, with fewer blocks: both sides share one GPU of 80 GB.
LARGE = Sizes(Encoder(1408, 20, 16), Encoder(3200, 8, 25), Encoder(1408, 20, 16), clips=4, layers=4)
TINY = Sizes(
    Encoder(32, 3, 2), Encoder(48, 2, 3), Encoder(24, 2, 2), pool_heads=2, pool_width=16, image=56, frames=2, clips=2,
    ratio=0.5,
)  # fmt: skip


def make_batch(sizes: Sizes) -> dict[str, np.ndarray]:
    """Returns random clips of twice the student's frames, which the MAE teacher sees in pairs, and labels."""
    rng = np.random.default_rng(SEED)
    pixels = (sizes.clips, 2 * sizes.frames, sizes.image, sizes.image, 3)
    return {
        "frames": rng.integers(0, 256, pixels, dtype=np.uint8),
        "label": rng.integers(0, CLASSES, sizes.clips).astype(np.int32),
        "valid": np.ones(sizes.clips, bool),
        "sample": np.arange(sizes.clips, dtype=np.int32),
    }


def weight(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Returns the weights of a tensor of PyTorch's state dict: non-zero, so that all affect the compared values."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    values = rng.standard_normal(shape, np.float32)
    if name.endswith("gamma"):
        return np.float32(0.3) + np.float32(0.1) * values
    if name.rpartition(".")[2] in ("cls_token", "pos_embed", "clip_pos_embed", "mae_pos_embed"):
        return np.float32(0.1) * values
    if len(shape) > 1:
        return values * np.float32(np.prod(shape[1:]) ** -0.5)
    return values * np.float32(0.1) + np.float32(name.endswith("weight"))

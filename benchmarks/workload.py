"""Sizes of the model and batches of the speed comparisons, in NumPy.

Imports neither framework, so that the process of each side imports only its own.
"""

import dataclasses

import numpy as np

MERGE = 4  # query tokens merged into one token of the language model
CLIP_FRAMES = 8
PRODUCTS = 20  # matrix products per measurement: a single one is too short to time


@dataclasses.dataclass(frozen=True)
class Sizes:
    """Sizes of the model; the defaults are the medium model."""

    image: int = 64
    patch: int = 16
    vision_dim: int = 256
    vision_heads: int = 4
    vision_blocks: int = 6  # blocks that are computed
    clips: int = 8
    qformer_dim: int = 256
    qformer_heads: int = 4
    qformer_layers: int = 4
    qformer_mlp: int = 1024
    bert_vocab: int = 237
    bert_positions: int = 512
    queries: int = 32
    extra_queries: int = 64
    llm_dim: int = 256
    llm_heads: int = 8
    llm_kv_heads: int = 4
    llm_layers: int = 4
    llm_mlp: int = 768
    llm_vocab: int = 640
    lora_rank: int = 16
    lora_alpha: int = 32

    @property
    def visual_tokens(self) -> int:
        """Number of visual tokens per video in the language model."""
        return self.clips * (self.queries + self.extra_queries) // MERGE


@dataclasses.dataclass(frozen=True)
class Shape:
    """Sizes of a batch; the defaults are those of the medium model (64 time stamps in the prompt)."""

    samples: int = 1
    clip_text: int = 64
    length: int = 614  # tokens of the language model, including visual ones
    answer: int = 40
    new_tokens: int = 64  # to generate after the prompt


MEDIUM = Sizes()
TINY = Sizes(
    image=32, vision_dim=32, vision_heads=2, vision_blocks=2, clips=2, qformer_dim=32, qformer_heads=2,
    qformer_layers=3, qformer_mlp=64, bert_vocab=50, bert_positions=64, queries=8, extra_queries=24, llm_dim=32,
    llm_heads=4, llm_kv_heads=2, llm_layers=2, llm_mlp=64, llm_vocab=64, lora_rank=4, lora_alpha=8,
)  # fmt: skip
TINY_SHAPE = Shape(samples=2, clip_text=12, length=48, answer=8, new_tokens=6)


def make_batch(sizes: Sizes, shape: Shape, seed: int = 0) -> dict[str, np.ndarray]:
    """Returns a random training batch: system prompt, video, question, and the answer at the end."""
    rng = np.random.default_rng(seed)
    pixels = (shape.samples, sizes.clips, CLIP_FRAMES, sizes.image, sizes.image, 3)
    text_lengths = rng.integers(shape.clip_text // 2, shape.clip_text + 1, (shape.samples, sizes.clips, 1))
    tokens = rng.integers(3, sizes.llm_vocab, (shape.samples, shape.length)).astype(np.int32)
    first = 6  # tokens before the video, including BOS
    slots = np.full((shape.samples, shape.length), -1, np.int32)
    slots[:, first : first + sizes.visual_tokens] = np.arange(sizes.visual_tokens)
    tokens[:, 0] = 1
    return {
        "frames": rng.integers(0, 256, pixels, dtype=np.uint8),
        "clip_text": rng.integers(5, sizes.bert_vocab, (*pixels[:2], shape.clip_text)).astype(np.int32),
        "clip_text_mask": np.arange(shape.clip_text)[None, None] < text_lengths,
        "tokens": tokens,
        "visual_slot": slots,
        "loss_mask": np.broadcast_to(
            np.arange(shape.length) >= shape.length - shape.answer, (shape.samples, shape.length)
        ).copy(),
        "valid": np.ones((shape.samples, shape.length), bool),
        "sample": np.arange(shape.samples, dtype=np.int32),
    }


def product_operands() -> tuple[np.ndarray, np.ndarray]:
    """Returns operands of the sizes of the first feed-forward layer of the vision tower."""
    rng = np.random.default_rng(0)
    return rng.standard_normal((1024, 256), np.float32), rng.standard_normal((256, 1024), np.float32)

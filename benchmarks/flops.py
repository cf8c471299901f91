"""Model FLOPs of VideoChat-T, for model FLOPs utilisation.

Counted as in MaxText: two operations per multiply-add, half of the square for causal attention, none for
rematerialization. Norms, activations and TAPE are omitted: less than 1 %.
"""

from workload import CLIP_FRAMES, MERGE, Shape, Sizes


def tower_flops(sizes: Sizes) -> float:
    """Forward pass of the vision tower on one video; it is frozen, so a training step has no backward pass."""
    tokens, width = clip_tokens(sizes), sizes.vision_dim
    patches = 3 * sizes.patch**2 * width
    block = 12 * width**2 + 2 * tokens * width  # four projections and a feed-forward of four widths; attention
    return 2.0 * sizes.clips * tokens * (patches + sizes.vision_blocks * block)


def qformer_flops(sizes: Sizes, shape: Shape) -> float:
    """Forward pass of the Q-Former on one video, with all text rows except those of the last feed-forward layer."""
    width, queries, text = sizes.qformer_dim, sizes.queries + sizes.extra_queries, shape.clip_text
    rows, vision = queries + text, clip_tokens(sizes)
    own = 4 * rows * width**2 + 2 * rows**2 * width
    crossed = 2 * queries * width**2 + 2 * vision * sizes.vision_dim * width + 2 * queries * vision * width
    mlp = 2 * width * sizes.qformer_mlp
    layers = sizes.qformer_layers
    return 2.0 * sizes.clips * (layers * (own + rows * mlp) + (layers + 1) // 2 * crossed - text * mlp)


def llm_flops(sizes: Sizes, tokens: int, answer: int) -> float:
    """Forward pass of the language model on one row, with logits at `answer` positions."""
    width, kv = sizes.llm_dim, sizes.llm_dim * sizes.llm_kv_heads // sizes.llm_heads
    base = 2 * width**2 + 2 * width * kv + 3 * width * sizes.llm_mlp
    adapters = sizes.lora_rank * (9 * width + 2 * kv + 3 * sizes.llm_mlp)
    attention = tokens * width  # half of queries x keys and weights x values
    return 2.0 * (sizes.llm_layers * tokens * (base + adapters + attention) + answer * width * sizes.llm_vocab)


def step_flops(sizes: Sizes, shape: Shape) -> float:
    """Forward and backward pass of one batch; frozen weights of the language model have no gradient."""
    merge = 2.0 * sizes.visual_tokens * MERGE * sizes.qformer_dim * sizes.llm_dim
    trained = 3 * (qformer_flops(sizes, shape) + merge)
    return shape.samples * (tower_flops(sizes) + trained + 2 * llm_flops(sizes, shape.length, shape.answer))


def forward_flops(sizes: Sizes, shape: Shape) -> float:
    """Forward pass and loss of one batch."""
    merge = 2.0 * sizes.visual_tokens * MERGE * sizes.qformer_dim * sizes.llm_dim
    llm = llm_flops(sizes, shape.length, shape.answer)
    return shape.samples * (tower_flops(sizes) + qformer_flops(sizes, shape) + merge + llm)


def llm_parameters(sizes: Sizes) -> int:
    """Number of weights that a decoding step reads, including the head, without the embedding."""
    width, kv = sizes.llm_dim, sizes.llm_dim * sizes.llm_kv_heads // sizes.llm_heads
    layer = 2 * width**2 + 2 * width * kv + 3 * width * sizes.llm_mlp
    return sizes.llm_layers * layer + width * sizes.llm_vocab


def clip_tokens(sizes: Sizes) -> int:
    """Number of vision tokens per clip."""
    return CLIP_FRAMES * (sizes.image // sizes.patch) ** 2

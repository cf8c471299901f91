"""The arithmetic that VideoChat-T's mathematics asks for, for model FLOPs utilisation.

As MaxText counts: two operations a multiply-add, causal attention as half of the square, nothing for recomputation.
Norms, activations and TAPE are left out: less than one part in a hundred.
"""

from workload import CLIP_FRAMES, MERGE, Shape, Sizes


def tower_flops(sizes: Sizes) -> float:
    """Forward pass of the vision tower over one video; it is frozen, so this is all that a training step asks of it."""
    tokens, width = clip_tokens(sizes), sizes.vision_dim
    patches = 3 * sizes.patch**2 * width
    block = 12 * width**2 + 2 * tokens * width  # four projections and a feed-forward of four widths; attention
    return 2.0 * sizes.clips * tokens * (patches + sizes.vision_blocks * block)


def qformer_flops(sizes: Sizes, shape: Shape) -> float:
    """Forward pass of the Q-Former over one video, all text rows included but those of the last feed-forward."""
    width, queries, text = sizes.qformer_dim, sizes.queries + sizes.extra_queries, shape.clip_text
    rows, vision = queries + text, clip_tokens(sizes)
    own = 4 * rows * width**2 + 2 * rows**2 * width
    crossed = 2 * queries * width**2 + 2 * vision * sizes.vision_dim * width + 2 * queries * vision * width
    mlp = 2 * width * sizes.qformer_mlp
    layers = sizes.qformer_layers
    return 2.0 * sizes.clips * (layers * (own + rows * mlp) + (layers + 1) // 2 * crossed - text * mlp)


def llm_flops(sizes: Sizes, tokens: int, answer: int) -> float:
    """Forward pass of the language model over one row, with logits at `answer` positions."""
    width, kv = sizes.llm_dim, sizes.llm_dim * sizes.llm_kv_heads // sizes.llm_heads
    base = 2 * width**2 + 2 * width * kv + 3 * width * sizes.llm_mlp
    adapters = sizes.lora_rank * (9 * width + 2 * kv + 3 * sizes.llm_mlp)
    attention = tokens * width  # half of queries x keys and weights x values
    return 2.0 * (sizes.llm_layers * tokens * (base + adapters + attention) + answer * width * sizes.llm_vocab)


def step_flops(sizes: Sizes, shape: Shape) -> float:
    """Forward and backward of one batch; the frozen language model asks for no gradient of its weights."""
    merge = 2.0 * sizes.visual_tokens * MERGE * sizes.qformer_dim * sizes.llm_dim
    trained = 3 * (qformer_flops(sizes, shape) + merge)
    return shape.samples * (tower_flops(sizes) + trained + 2 * llm_flops(sizes, shape.length, shape.answer))


def forward_flops(sizes: Sizes, shape: Shape) -> float:
    """Forward pass and loss of one batch."""
    merge = 2.0 * sizes.visual_tokens * MERGE * sizes.qformer_dim * sizes.llm_dim
    llm = llm_flops(sizes, shape.length, shape.answer)
    return shape.samples * (tower_flops(sizes) + qformer_flops(sizes, shape) + merge + llm)


def llm_parameters(sizes: Sizes) -> int:
    """Weights that one decoding step reads, the head among them and the embedding not."""
    width, kv = sizes.llm_dim, sizes.llm_dim * sizes.llm_kv_heads // sizes.llm_heads
    layer = 2 * width**2 + 2 * width * kv + 3 * width * sizes.llm_mlp
    return sizes.llm_layers * layer + width * sizes.llm_vocab


def clip_tokens(sizes: Sizes) -> int:
    """Vision tokens of a clip."""
    return CLIP_FRAMES * (sizes.image // sizes.patch) ** 2

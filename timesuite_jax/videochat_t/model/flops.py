"""Model FLOPs of VideoChat-T, for model FLOPs utilisation (MFU).

As MaxText defines them: multiplications and additions of the matrix products, causal attention counted half,
rematerialisation not counted. Frozen weights have no weight gradients, and a frozen part below all trained parts (the
video encoder) has no backward pass.
"""

from timesuite_jax.models.text.mistral_spec import MistralSpec
from timesuite_jax.models.text.qformer_spec import QFormerSpec
from timesuite_jax.videochat_t.model.spec import VideoChatTSpec


def qformer_flops(spec: QFormerSpec, vision_tokens: int, vision_width: int, text_length: int) -> float:
    """FLOPs of the forward pass of one clip, without the text rows of the last layer, which are not used."""
    queries, rows, width = spec.tokens, spec.tokens + text_length, spec.width
    layer = 2 * rows * width * (4 * width + 2 * spec.hidden) + 4 * rows**2 * width
    cross = 4 * queries * width * width + 4 * vision_tokens * vision_width * width + 4 * queries * vision_tokens * width
    unread = 2 * text_length * width * (2 * width + 2 * spec.hidden) + 4 * text_length * rows * width
    return float(spec.layers * layer - unread + (spec.layers + 1) // 2 * cross)


def mistral_flops(spec: MistralSpec, length: int, answers: float) -> float:
    """FLOPs of the forward pass of one row of `length` tokens, with logits for `answers` of them."""
    attention_width, kv_width = spec.heads * spec.head_width, spec.kv_heads * spec.head_width
    matrices = spec.width * (2 * attention_width + 2 * kv_width + 3 * spec.mlp)
    attention = 4 * length * length * attention_width / 2
    return float(spec.layers * (2 * length * matrices + attention) + 2 * answers * spec.width * spec.vocab)


def training_flops(
    spec: VideoChatTSpec, *, batch: int, length: int, text_length: int, answers: float, train_language_model: bool
) -> float:
    """FLOPs of one training step: forward and backward pass of `batch` videos.

    Args:
      spec: the model.
      batch: videos.
      length: S, tokens of a row.
      text_length: P, tokens of a clip's text (0 if the Q-Former reads none).
      answers: predicted tokens of the whole batch.
      train_language_model: whether the base weights are trained (3 passes) or LoRA only (2; its products are small).
    """
    vision = spec.vision
    tokens = vision.tokens(spec.clip_frames)
    encoder = batch * spec.clips * vision.flops * (3 if spec.train_vision else 1)
    qformer = 3 * batch * spec.clips * qformer_flops(spec.qformer, tokens, vision.width, text_length)
    merge = 3 * batch * spec.video_tokens * 2 * spec.merge_len * spec.qformer.width * spec.mistral.width
    language = batch * mistral_flops(spec.mistral, length, answers / batch) * (3 if train_language_model else 2)
    return float(encoder + qformer + merge + language)

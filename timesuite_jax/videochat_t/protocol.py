"""Protocols of evaluation: how the inputs of a trained model are made, and how its answers are read.

| | `default` | `paper` |
|---|---|---|
| position 0 | as trained, `model.bos` | the embedding of BOS |
| prompt | `data.layout` | the original's evaluation layout |
| frames | `data.sampling` and `data.transform`, without randomness | its grid of frames; Pillow's resize, centre crop |
| normalisation | as trained, `model.vision.pixel_*` | CLIP's mean and standard deviation |
| clip texts | as trained, `model.clip_text_padding` | padded on the left, per video |
| time stamps | `data.time_style`, shortened where they do not fit | every frame, one decimal, never shortened |
| answers | `evaluation.max_new_tokens`; clean text, the grammar of spans | 512 tokens; the original's text and parser |

`default` shows a model what it was trained on, and is the better choice for models trained here. `paper` is what
`eval/eval_infer.py` of the original does with the released model, whose training differs from it in all of these
points; choose it to compare with published scores.
"""

import dataclasses

from timesuite_jax.pixel_statistics import CLIP_MEAN, CLIP_STD, IMAGENET_MEAN, IMAGENET_STD
from timesuite_jax.text import EVALUATION, TimeStyle
from timesuite_jax.videochat_t.answering.requirements import Requirements
from timesuite_jax.videochat_t.config import VideoChatTConfig

_NEW_TOKENS = 512
STAMP_TOKENS = 8  # of a frame's time: up to six digits, a point, a comma
_CLIP_TEXT_LENGTH = 96  # eight frames after the tenth hour need 80
_PROMPT_TOKENS = 512  # of everything else; the prompts of the original's benchmarks need 250


def apply_protocol(config: VideoChatTConfig) -> VideoChatTConfig:
    """Returns the config with which `config.evaluation.protocol` answers questions; the parameters are the same."""
    if config.evaluation.protocol == "default":
        return config
    vision = dataclasses.replace(config.model.vision, pixel_mean=CLIP_MEAN, pixel_std=CLIP_STD)
    model = dataclasses.replace(config.model, vision=vision, bos="embedding", clip_text_padding="left_per_video")
    room = model.video_tokens + STAMP_TOKENS * model.num_frames + _PROMPT_TOKENS
    data = dataclasses.replace(
        config.data,
        turns="all",
        layout=EVALUATION.name,
        sampling="upstream_evaluation",
        transform="upstream",
        time_style=TimeStyle.DECIMAL,
        shorten_time_text=False,
        buckets=(max((*config.data.buckets, room)),),
        clip_text_length=max(config.data.clip_text_length, min(_CLIP_TEXT_LENGTH, model.qformer.positions)),
    )
    evaluation = dataclasses.replace(config.evaluation, max_new_tokens=_NEW_TOKENS)
    return dataclasses.replace(config, model=model, data=data, evaluation=evaluation)


def adapt(config: VideoChatTConfig, needs: Requirements) -> VideoChatTConfig:
    """Returns the config of a protocol with the changes of a benchmark; the parameters are the same."""
    model, data = config.model, config.data
    if needs.extra_tokens:
        data = dataclasses.replace(data, buckets=(max(data.buckets) + needs.extra_tokens,))
    if needs.each_second:
        vision = dataclasses.replace(model.vision, pixel_mean=IMAGENET_MEAN, pixel_std=IMAGENET_STD)
        model = dataclasses.replace(model, vision=vision)
        data = dataclasses.replace(
            data, sampling="upstream_each_second", transform="upstream_whole", time_style=TimeStyle.INTEGER
        )
    return dataclasses.replace(config, model=model, data=data)

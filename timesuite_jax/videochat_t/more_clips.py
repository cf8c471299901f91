"""The config of a trained model that is shown more clips than in training."""

import dataclasses

from timesuite_jax.videochat_t.config import VideoChatTConfig
from timesuite_jax.videochat_t.protocol import STAMP_TOKENS


def with_more_clips(config: VideoChatTConfig, factor: int) -> VideoChatTConfig:
    """Returns the config with `factor` times the clips; the parameters are the same.

    TAPE's kernel is interpolated from the clips of training, and the longest bucket is extended by the tokens and time
    stamps of all clips.
    """
    model = config.model
    more = dataclasses.replace(
        model,
        num_frames=factor * model.num_frames,
        tape_clips=(model.tape_clips or model.clips) if model.tape else None,
    )
    extra = more.video_tokens - model.video_tokens + STAMP_TOKENS * (more.num_frames - model.num_frames)
    data = dataclasses.replace(config.data, buckets=(max(config.data.buckets) + extra,))
    return dataclasses.replace(config, model=more, data=data)

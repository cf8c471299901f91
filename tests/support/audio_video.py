"""Models of stage 2 with audio and their inputs from golden numbers."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from tests.support.beats import beats_spec
from tests.support.video_text import video_text_spec
from timesuite_jax.internvideo2.stage2.spec import AudioSpec, VideoTextSpec


def audio_video_spec(config: Mapping[str, Any]) -> VideoTextSpec:
    """The spec of the recorded model."""
    spec = video_text_spec(config, teacher=True, own_image=False)
    return dataclasses.replace(spec, audio=AudioSpec(beats_spec(config["beats_config"]), matches_alone=True))

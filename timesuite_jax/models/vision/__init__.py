"""Video encoders: the protocol that models build on, and the table of encoders."""

from timesuite_jax.models.vision.encoder import VideoEncoder, VideoEncoderSpec
from timesuite_jax.models.vision.encoders import VIDEO_ENCODERS, EncoderEntry, build_encoder, read_encoder
from timesuite_jax.models.vision.feature_teacher import TeacherFeatures, teacher_features
from timesuite_jax.models.vision.frame_resize import resize_frames
from timesuite_jax.models.vision.internvideo2 import InternVideo2Encoder
from timesuite_jax.models.vision.internvideo2_spec import InternVideo2Spec
from timesuite_jax.models.vision.umt import UmtEncoder
from timesuite_jax.models.vision.umt_positions import position_table
from timesuite_jax.models.vision.umt_spec import UmtSpec
from timesuite_jax.models.vision.videomae import VideoMaeEncoder
from timesuite_jax.models.vision.videomae_spec import VideoMaeSpec

__all__ = [
    "VIDEO_ENCODERS",
    "EncoderEntry",
    "InternVideo2Encoder",
    "InternVideo2Spec",
    "TeacherFeatures",
    "UmtEncoder",
    "UmtSpec",
    "VideoEncoder",
    "VideoEncoderSpec",
    "VideoMaeEncoder",
    "VideoMaeSpec",
    "build_encoder",
    "position_table",
    "read_encoder",
    "resize_frames",
    "teacher_features",
]

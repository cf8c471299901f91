"""The port of stage 1."""

from timesuite_jax.internvideo2.reconstruction.port import ReconstructionPort

PORT = ReconstructionPort(
    "internvideo2_pretrain",
    "InternVideo2 student of stage 1",
    "internvl_c_13b_224px.pth: InternVL-C, whose image encoder is used",
    mae_teacher=True,
)

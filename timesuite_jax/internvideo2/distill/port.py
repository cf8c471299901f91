"""The port of distillation."""

from timesuite_jax.internvideo2.reconstruction.port import ReconstructionPort

PORT = ReconstructionPort(
    "internvideo2_distill",
    "distilled InternVideo2 student",
    "InternVideo2-stage2_1b-224p-f4.pt: the teacher, whose vision encoder is used",
    mae_teacher=False,
)

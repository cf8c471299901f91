"""Tasks, parameters and batches of pretraining and distillation from golden numbers.

The goldens' pixels are whole numbers of sixteenths, so that uint8 frames give them with this mean and deviation.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from einops import rearrange

from tests.support.golden_folder import GoldenFolder
from tests.support.internvideo2 import encoder_spec
from timesuite_jax.internvideo2.data import ClipDataSpec
from timesuite_jax.internvideo2.masks import MaskSpec
from timesuite_jax.internvideo2.model import ReconstructionSpec
from timesuite_jax.internvideo2.reconstruction import LossSpec, ReconstructionConfig, ReconstructionTask
from timesuite_jax.internvideo2.reconstruction.port import ReconstructionSizes, build
from timesuite_jax.models.vision import VideoMaeSpec

PIXELS = {"pixel_mean": (128 / 255,) * 3, "pixel_std": (16 / 255,) * 3}


def mae_spec(kwargs: dict[str, Any], **overrides: Any) -> VideoMaeSpec:
    """The spec of a MAE teacher from the arguments of upstream's class; its positions are not resized."""
    fields = {
        "image_size": kwargs["img_size"],
        "patch_size": kwargs["patch_size"],
        "num_frames": kwargs["all_frames"],
        "tubelet": kwargs["tubelet_size"],
        "width": kwargs["embed_dim"],
        "depth": kwargs["depth"],
        "heads": kwargs["num_heads"],
        "mlp_hidden": int(kwargs["embed_dim"] * kwargs["mlp_ratio"]),
        "pretrained_frames": kwargs["all_frames"],
        "pretrained_size": kwargs["img_size"],
        "return_layers": tuple(range(-kwargs["mae_return_layer"], 0)),
    }
    return VideoMaeSpec(**{**fields, **overrides})


def model_of(golden: GoldenFolder, student: str = "model_kwargs", **overrides: Any) -> ReconstructionSpec:
    """The spec of student and teachers; `overrides` are fields of the student and of the teacher's encoder."""
    config = golden.config
    teacher = config["clip_teacher_kwargs"] if "clip_teacher_kwargs" in config else config["teacher_kwargs"]
    kwargs, layers = config[student], range(-teacher["clip_return_layer"], 0)
    chosen = kwargs.get("clip_student_return_index", tuple(range(-kwargs["clip_return_layer"], 0)))
    mae = config.get("mae_teacher_kwargs")
    return ReconstructionSpec(
        encoder_spec(kwargs, return_layers=tuple(chosen), **PIXELS, **overrides),
        encoder_spec(teacher, return_layers=tuple(layers), **PIXELS, **overrides),
        mae_spec(mae, attention_layout="as_written", **PIXELS) if mae else None,
        tuple(range(-kwargs["mae_return_layer"], 0)) if mae else (),
        {"MLP_Decoder": "mlp"}.get(kwargs.get("clip_student_decoder", ""), "linear"),
    )


def task_of(cls: type[ReconstructionTask], golden: GoldenFolder, engine: str = "engine") -> ReconstructionTask:
    """The task of the recorded training step."""
    options = golden.config
    model = model_of(golden, "model_kwargs" if "model_kwargs" in options else "student_kwargs")
    size = model.student.image_size
    ratios = options[engine]["clip_loss_ratio"]
    mask = options["engine"]["mask_ratio"]
    return cls(
        ReconstructionConfig(
            model,
            ClipDataSpec(corpora=("unused",), batch_size=2, num_frames=model.frames, image_size=size),
            MaskSpec(scope="frame" if model.teacher.num_frames == 1 else "clip", ratio=mask),
            LossSpec(ratios[0], ratios[1], options[engine].get("mae_loss_ratio", 1.0)),
        )
    )


def params_of(golden: GoldenFolder, weights: str, **teachers: str) -> dict[str, Any]:
    """Parameters of a student, and of the teachers whose files are given."""
    state = dict(golden.weights(weights))
    for name, file in teachers.items():
        state |= {f"{name}.{key}": value for key, value in golden.weights(file).items()}
    sizes = ReconstructionSizes.from_torch({name: value.shape for name, value in state.items()})
    return jax.tree.map(jnp.asarray, build(sizes, "golden").to_tree(state))


def named(params: dict[str, Any]) -> dict[str, np.ndarray]:
    """The student's parameters or gradients by upstream's names."""
    own = {"student": params["student"]}
    shapes = jax.tree_util.tree_flatten_with_path(own)[0]
    sizes = ReconstructionSizes.from_tree(
        {jax.tree_util.keystr(path, simple=True, separator="/"): leaf.shape for path, leaf in shapes}
    )
    return build(sizes, "golden").to_torch(own)


def uint8_frames(video: np.ndarray) -> np.ndarray:
    """Upstream's (B, C, T, H, W) as uint8 frames."""
    frames = rearrange(video, "n c F H W -> n F H W c") * 16 + 128
    rounded = np.round(frames)
    np.testing.assert_array_equal(rounded, frames)
    return rounded.astype(np.uint8)

"""Configs of the quickstart's corpora and runs: small forms of those in configs/internvideo2.

Found by experiment on other seeds than those that docs/quickstart_internvideo2.md reports.
"""

import dataclasses
from pathlib import Path
from typing import Any

from ml_collections import ConfigDict

from timesuite_jax.configs.internvideo2 import finetune_1b, pretrain_1b, probe_attentive
from timesuite_jax.data.synthetic import ORDERED_EVENTS, SINGLE_EVENTS, EventVideos

SIZE, FRAMES, WIDTH = 48, 8, 64  # pixels of videos, frames of a clip, channels of encoders
VIEWS = 3  # clips of a video in the evaluation of several views
_LAYERS = (-2, -1)  # of teachers and student, whose tokens are compared
_ENCODER: dict[str, Any] = {
    **{"image_size": SIZE, "patch_size": 16, "num_frames": FRAMES},
    **{"width": WIDTH, "depth": 3, "heads": 4, "mlp_hidden": 2 * WIDTH, "pool_heads": 4, "pool_width": WIDTH},
    # The released 1e-5 suits 40 pretrained blocks; from scratch it would switch three blocks off for hundreds of steps.
    "layer_scale": 1.0,
}
# A fixed random network: its targets are mixtures of a clip's pixels.
_MAE_TEACHER: dict[str, Any] = {
    **{"variant": "debug", "image_size": SIZE, "patch_size": 16, "num_frames": FRAMES, "tubelet": 1},
    **{"pretrained_size": SIZE, "pretrained_frames": FRAMES, "return_layers": _LAYERS},
}
_PROBED = ("vision/pool/*", "extra_mlp/*", "extra_mlp_norm/*", "fc_norm/*", "head/*")


@dataclasses.dataclass(frozen=True)
class InternVideo2QuickstartConfig:
    """Sizes of the quickstart.

    Attributes:
      proxy_videos: of one event, with labels, from which the teacher learns.
      train_videos: of two events; pretraining sees them without their labels.
      few_videos: of each of the small training sets.
      test_videos: held out.
      teacher_steps: of the teacher.
      pretrain_steps: of stage 1.
      finetune_steps: on all labels.
      few_steps: on a few labels.
      probe_steps: of an attentive probe.
      batch_size: videos of a step.
      few_batch_size: of a step on a few labels.
      repeats: training sets of a few labels, each with a seed of its own.
      feature_videos: whose features are written.
    """

    proxy_videos: int = 800
    train_videos: int = 1000
    few_videos: int = 64
    test_videos: int = 200
    teacher_steps: int = 200  # as fine-tuning, so that one program is compiled for both
    pretrain_steps: int = 200
    finetune_steps: int = 200
    few_steps: int = 80
    probe_steps: int = 200
    batch_size: int = 32
    few_batch_size: int = 16
    repeats: int = 3
    feature_videos: int = 16


CONFIG = InternVideo2QuickstartConfig()


def few_corpus(repeat: int) -> str:
    """The name of the corpus with a few labels of a repeat."""
    return f"few_{repeat}"


def corpora(config: InternVideo2QuickstartConfig) -> dict[str, tuple[EventVideos, int]]:
    """Kind and number of the videos of each corpus, by name."""
    few = {few_corpus(repeat): (ORDERED_EVENTS, config.few_videos) for repeat in range(config.repeats)}
    return {
        "proxy": (SINGLE_EVENTS, config.proxy_videos),
        "proxy_test": (SINGLE_EVENTS, config.test_videos // 2),
        "train": (ORDERED_EVENTS, config.train_videos),
        "test": (ORDERED_EVENTS, config.test_videos),
        **few,
    }


def action_config(
    config: InternVideo2QuickstartConfig, corpus: Path, *, steps: int, seed: int, encoder: Path | None = None
) -> ConfigDict:
    """The config of a classifier's training, in the form of those in configs.

    Args:
      config: of the quickstart.
      corpus: folder of the videos with labels.
      steps: of training.
      seed: of new parameters and of the order of the videos.
      encoder: file that the encoder starts from; None: from scratch.
    """
    made: Any = finetune_1b.get_config("debug")
    # The head that reads each frame: the order of frames is in its input, and learned within 200 steps.
    made.model = ConfigDict(
        {"variant": "debug", "num_classes": 0, "init_scale": 1.0, "merge": "cls_avgN_proj", "merge_norm": "LN",
         "vision": _ENCODER}
    )  # fmt: skip
    return _with_run(made, config, corpus, steps=steps, seed=seed, encoder=encoder, rate=1e-3)


def probe_config(
    config: InternVideo2QuickstartConfig, corpus: Path, *, steps: int, seed: int, encoder: Path | None
) -> ConfigDict:
    """The config of an attentive probe on a frozen encoder, which is pretrained or, with None, random."""
    made: Any = probe_attentive.get_config("1b_ssv2,debug")
    made.model = ConfigDict(
        {"variant": "debug", "num_classes": 0, "init_scale": 1.0, "extra_mlp": True, "vision": _ENCODER}
    )
    made.trained = _PROBED
    return _with_run(made, config, corpus, steps=steps, seed=seed, encoder=encoder, rate=3e-3)


def pretrain_config(config: InternVideo2QuickstartConfig, corpus: Path, *, seed: int, teacher: Path) -> ConfigDict:
    """The config of stage 1 with a trained teacher and a random one."""
    made: Any = pretrain_1b.get_config("debug")
    encoder = {"variant": "debug", **_ENCODER, "return_layers": _LAYERS}
    made.model = ConfigDict(
        {"student": encoder, "teacher": encoder, "mae_teacher": _MAE_TEACHER, "mae_return_layers": _LAYERS,
         "decoder": "linear"}
    )  # fmt: skip
    made.weights.update(files=(f"teacher={teacher}",), expect_missing=("student/*", "mae_teacher/*"))
    _shorten(made, config, corpus, steps=config.pretrain_steps, seed=seed, rate=2e-3)
    return made


def _with_run(
    made: Any,
    config: InternVideo2QuickstartConfig,
    corpus: Path,
    *,
    steps: int,
    seed: int,
    encoder: Path | None,
    rate: float,
) -> ConfigDict:
    if encoder is not None:
        own = ("extra_mlp.*",) if made.model.get("extra_mlp") else ("down.*", "down_norm.*")
        made.weights.update(files=(f"encoder={encoder}",), expect_missing=("head.*", "fc_norm.*", *own))
    made.label_smoothing = 0.0
    # Scores are of one clip, decoded as in training; the pipeline adds several views.
    made.evaluation.update(corpora=(), batch_size=50)
    _shorten(made, config, corpus, steps=steps, seed=seed, rate=rate)
    return made


def _shorten(
    made: Any, config: InternVideo2QuickstartConfig, corpus: Path, *, steps: int, seed: int, rate: float
) -> None:
    """A run of minutes from scratch: one corpus, whole frames, decoded once."""
    made.data.update(corpora=(str(corpus),), batch_size=config.batch_size, decode_side=SIZE, threads=1)
    made.data.update(sampling="middle", cache_decoded=True)
    made.data.augmentation.update(crop="whole", flip_probability=0.0)
    made.training.update(total_steps=steps, seed=seed, log_every=50, save_every=200, keep=1)
    made.training.optimizer.update(
        learning_rate=rate, warmup_steps=20.0, min_lr_ratio=0.05, b2=0.95, weight_decay=0.02, clip_norm=1.0
    )

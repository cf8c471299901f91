"""Config of the quickstart: its corpora, model and training.

Found by experiment; docs/quickstart.md describes what failed. Three choices make a model with half a million parameters
use the video *and* the question within minutes of training from scratch: one visual token per frame (clips of two
frames instead of eight); three objects in most training videos, so that answering with any event is right only a third
of the time; and questions that do not attend to each other, one of which is about the colours.
"""

import dataclasses
from pathlib import Path
from typing import Any

from ml_collections import ConfigDict

from timesuite_jax.data.synthetic import MovingShapesSpec, SyntheticCorpusSpec

FRAMES, CLIP_FRAMES, QUERIES = 16, 2, 8


# Held-out videos: one object measures whether events are found, two whether the question selects between them.
_ONE_OBJECT = MovingShapesSpec(objects=(1.0,), event_share=(0.15, 0.4))
_TWO_OBJECTS = dataclasses.replace(_ONE_OBJECT, objects=(0.0, 1.0))


@dataclasses.dataclass(frozen=True)
class QuickstartConfig:
    """Sizes of the quickstart."""

    videos: int = 3000
    objects: tuple[float, ...] = (0.1, 0.3, 0.6)  # shares of training videos with one, two and three objects
    steps: int = 1600
    batch_size: int = 32
    learning_rate: float = 1e-3
    test_videos: int = 300  # with one object; half as many with two


CONFIG = QuickstartConfig()


def video_spec() -> MovingShapesSpec:
    """Returns the spec of the videos, without the number of objects, which differs between corpora."""
    return _ONE_OBJECT


def corpora(config: QuickstartConfig) -> dict[str, SyntheticCorpusSpec]:
    """Returns the training corpus and the two held-out ones, which have other seeds."""
    train = SyntheticCorpusSpec(
        "train",
        config.videos,
        dataclasses.replace(_ONE_OBJECT, objects=config.objects),
        # In a video with one object, the second question is about an object that never appears.
        conversations=(("grounding", "grounding", "order"),),
        # Spans are annotated at the sampled frames, so that every second in an answer also occurs in the prompt; scores
        # use the exact times.
        annotated_frames=FRAMES,
    )
    one = SyntheticCorpusSpec("one_object", config.test_videos, _ONE_OBJECT, each_object=True, shards=1)
    # Two records per video, one for each object: the same frames must get two answers.
    two = SyntheticCorpusSpec("two_objects", config.test_videos // 2, _TWO_OBJECTS, each_object=True, shards=1)
    return {"train": train, "one_object": one, "two_objects": two}


def run_config(config: QuickstartConfig, folder: Path, *, vocab: int, seed: int) -> ConfigDict:
    """Returns the training run's config, in the form of those in configs."""
    model: dict[str, Any] = {
        "variant": "debug",
        "num_frames": FRAMES,
        "tape": True,
        "train_vision": True,
        "vision": {
            "image_size": 32,
            "patch_size": 16,
            "width": 64,
            "depth": 1,
            "return_index": -1,
            "heads": 4,
            "mlp_ratio": 2,
            "num_frames": CLIP_FRAMES,
            "ckpt_num_frame": CLIP_FRAMES,
            "position_table": "native",
            "unroll": True,
        },
        "qformer": {
            "width": 64,
            "layers": 2,
            "heads": 4,
            "hidden": 128,
            "vocab": vocab,
            "positions": 32,
            "queries": QUERIES // 2,
            "extra_queries": QUERIES // 2,
            # The model is too small to overfit, and noise costs steps.
            "hidden_dropout": 0.0,
            "attention_dropout": 0.0,
            "drop_path": 0.0,
            "embedding_std": 0.5,
            "unroll": True,
        },
        "mistral": {
            "vocab": vocab,
            "width": 96,
            "mlp": 192,
            "layers": 3,
            "heads": 4,
            "kv_heads": 2,
            "head_width": 24,
            "rope_theta": 1e4,
            "embedding_std": 0.5,
            "lora": None,  # everything is trained
            "unroll": True,
        },
    }
    return ConfigDict(
        {
            "task": "videochat_t",
            "model": model,
            "trained": ("*",),
            "loss_chunk": 64,
            "text": {"tokenizer": str(folder / "tokenizer.json"), "clip_tokenizer": str(folder / "tokenizer.json")},
            "data": {
                "corpora": (str(folder / "train"),),
                "batch_size": config.batch_size,
                "buckets": (168,),
                "clip_text_length": 24,
                "sampling": "middle",
                "transform": "whole",
                "turns": "independent",
                "cache_decoded": True,  # 48 KB per video: a few hundred MB in all, instead of a decode in every epoch
                "threads": 1,
            },
            "evaluation": {"corpora": (), "batch_size": 50, "max_new_tokens": 16},
            "training": {
                "total_steps": config.steps,
                "seed": seed,
                "log_every": 50,
                "save_every": 500,
                "eval_every": 0,
                "keep": 1,
                "optimizer": {
                    "learning_rate": config.learning_rate,
                    "warmup_steps": 100.0,
                    "min_lr_ratio": 0.05,
                    "b2": 0.95,
                    "weight_decay": 0.02,
                    "clip_norm": 1.0,
                },
            },
        }
    )

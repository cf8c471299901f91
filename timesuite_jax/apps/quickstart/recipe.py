"""What the quickstart makes and trains: every number of it, and why.

Found by experiment (docs/quickstart.md tells what failed). Three things make a model of half a million weights that
starts from nothing look at the video *and* at the question within minutes: one visual token a frame (clips of two
frames instead of eight); three objects in most training films, so that finding some event is right a third of the time
only; and questions that do not see each other, one of which asks for the colours.
"""

import dataclasses
from pathlib import Path
from typing import Any

from ml_collections import ConfigDict

from timesuite_jax.data.synthetic import MovingShapesSpec, SyntheticCorpusSpec

FRAMES, CLIP_FRAMES, QUERIES = 16, 2, 8


# Held-out films: one object tells whether events are found, two whether the question chooses between them.
_ONE = MovingShapesSpec(objects=(1.0,), event_share=(0.15, 0.4))
_TWO = dataclasses.replace(_ONE, objects=(0.0, 1.0))


@dataclasses.dataclass(frozen=True)
class QuickstartConfig:
    """How much of everything."""

    videos: int = 3000
    objects: tuple[float, ...] = (0.1, 0.3, 0.6)  # shares of training films with one, two and three objects
    steps: int = 1600
    batch_size: int = 32
    learning_rate: float = 1e-3
    test_videos: int = 300  # with one object; half as many with two


RECIPE = QuickstartConfig()


def videos() -> MovingShapesSpec:
    """What the films of all corpora look like."""
    return _ONE


def corpora(recipe: QuickstartConfig) -> dict[str, SyntheticCorpusSpec]:
    """The training corpus and the two held-out ones (drawn from other seeds)."""
    train = SyntheticCorpusSpec(
        "train",
        recipe.videos,
        dataclasses.replace(_ONE, objects=recipe.objects),
        # For a film with one object, the second question is about one that never appears.
        conversations=(("grounding", "grounding", "order"),),
        # Annotated as by somebody who looks through the frames that the model sees, so that every second in an
        # answer is one that stands in the prompt; scored against the exact times.
        annotated_frames=FRAMES,
    )
    one = SyntheticCorpusSpec("one_object", recipe.test_videos, _ONE, each_object=True, shards=1)
    # Two records a film, one for each object: the same frames must get two answers.
    two = SyntheticCorpusSpec("two_objects", recipe.test_videos // 2, _TWO, each_object=True, shards=1)
    return {"train": train, "one_object": one, "two_objects": two}


def config(recipe: QuickstartConfig, folder: Path, *, vocab: int, seed: int) -> ConfigDict:
    """The run's config, of the same form as those in configs/timesuite."""
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
            # Nothing here is large enough to overfit, and noise costs steps.
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
                "batch_size": recipe.batch_size,
                "buckets": (168,),
                "clip_text_length": 24,
                "sampling": "middle",
                "transform": "whole",
                "turns": "independent",
                "cache_decoded": True,  # 48 KB a film: a few hundred MB spare a decode at every visit
                "threads": 1,
            },
            "evaluation": {"corpora": (), "batch_size": 50, "max_new_tokens": 16},
            "training": {
                "total_steps": recipe.steps,
                "seed": seed,
                "log_every": 50,
                "save_every": 500,
                "eval_every": 0,
                "keep": 1,
                "optimizer": {
                    "learning_rate": recipe.learning_rate,
                    "warmup_steps": 100.0,
                    "min_lr_ratio": 0.05,
                    "b2": 0.95,
                    "weight_decay": 0.02,
                    "clip_norm": 1.0,
                },
            },
        }
    )

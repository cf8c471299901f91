"""Config of VideoChat-T's quickstart: its corpora, model and training.

Found by experiment; docs/quickstart.md describes what failed. Beside the choices of `apps.tiny_model`, two make the
model use the video *and* the question within minutes of training from scratch: three objects in most training videos,
so that answering with any event is right only a third of the time; and one question of each video about the colours.
"""

import dataclasses
from pathlib import Path
from typing import Any

from ml_collections import ConfigDict

from timesuite_jax.apps.tiny_model import FRAMES, tiny_config
from timesuite_jax.data.synthetic import MovingShapesSpec, SyntheticCorpusSpec

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
    tokenizer = str(folder / "tokenizer.json")
    made: Any = tiny_config(
        tokenizer, vocab, [str(folder / "train")], batch_size=config.batch_size, bucket=168, clip_text_length=24
    )
    made.training.update(total_steps=config.steps, seed=seed)
    made.training.optimizer.learning_rate = config.learning_rate
    return made

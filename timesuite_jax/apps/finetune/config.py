"""Configs of fine-tuning: that of the model to start from, with lengths that suit the number and texts of the rows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
from ml_collections import ConfigDict

from timesuite_jax.apps.finetune.measure import measure, read_turns
from timesuite_jax.apps.tiny_model import tiny_config
from timesuite_jax.config_file import CONFIG_NAME, read_config
from timesuite_jax.data.corpora import read_info
from timesuite_jax.text import build_word_tokenizer, clip_time_texts, load_tokenizer, video_time_text
from timesuite_jax.videochat_t.config import model_spec

EPOCHS, TINY_EPOCHS, TINY_BATCH = 5.0, 30.0, 8
_MAX_SEQUENCE = 2112  # tokens, those of stage A; longer records lose time stamps, or are dropped and counted
_CLIP_TEXT = 32  # tokens, enough for the times of a clip of two frames up to 27 hours


def tiny_base(workdir: Path, corpora: Sequence[str]) -> ConfigDict:
    """Returns the config of the tiny model, with a tokenizer of all words in the corpora; writes the tokenizer."""
    file = workdir / "tokenizer.json"
    if not file.exists():
        build_word_tokenizer(_texts(corpora), file)
    vocab = load_tokenizer(file).vocab_size
    config: Any = tiny_config(str(file), vocab, (), batch_size=TINY_BATCH, bucket=1, clip_text_length=_CLIP_TEXT)
    config.training.epochs = TINY_EPOCHS
    config.evaluation.batch_size = TINY_BATCH
    return config


def finetune_config(base: ConfigDict, train: str, corpora: Sequence[str], *, seed: int) -> tuple[ConfigDict, int]:
    """Returns the config of a run, and the number of texts with words that its tokenizer does not know.

    Args:
      base: of the model that it starts from, see `starting_config` and `tiny_base`.
      train: folder of the training corpus.
      corpora: all corpora, whose texts must fit.
      seed: of the run.
    """
    config: Any = ConfigDict(base.to_dict())
    spec = model_spec(config.model)
    sizes = measure(load_tokenizer(config.text.tokenizer), read_turns(corpora), spec.num_frames)
    longest = min(spec.video_tokens + sizes.sequence, _MAX_SEQUENCE)
    buckets = tuple(bucket for bucket in config.data.buckets if bucket > spec.video_tokens + 1)
    config.data.buckets = buckets if longest <= max(buckets, default=0) else (*buckets, longest)
    config.data.update(corpora=(train,), turns="independent")
    records = len(read_info(train))
    config.data.batch_size = batch_size(config, records)
    evaluation = config.get("evaluation", ConfigDict())
    evaluation.update(corpora=(), max_new_tokens=max(evaluation.get("max_new_tokens", 64), sizes.answer + 8))
    config.evaluation = evaluation
    _set_length(config, max(1, records // config.data.batch_size), seed)
    return config, sizes.unknown


def started_config(workdir: Path, train: str) -> ConfigDict:
    """Returns the config that a run in a work folder was started with, whatever its weights and devices were.

    Args:
      workdir: of the run, which may have been moved since.
      train: folder of the training corpus.

    Raises:
      UserError: the config is damaged.
    """
    config: Any = ConfigDict(read_config(workdir / CONFIG_NAME))
    config.data.corpora = (train,)
    return config


def batch_size(config: Any, records: int) -> int:
    """The config's batch size, smaller for few records, as a multiple of what devices and microbatches need."""
    mesh = config.training.get("mesh", {})
    unit = config.training.get("accumulate", 1) * jax.device_count() // max(1, mesh.get("tensor", 1))
    return max(unit, min(config.data.batch_size, records) // unit * unit)


def _set_length(config: Any, steps: int, seed: int) -> None:
    """Sets the length of training in epochs of so many steps, a checkpoint each, and a tenth of it for warm-up."""
    training = config.training
    epochs = training.get("epochs", 0.0) or EPOCHS
    keep = max(1, training.get("keep", 3))
    training.update(
        total_steps=0,
        epochs=epochs,
        interval="step",
        seed=seed,
        log_every=max(1, min(50, int(epochs * steps) // 10)),
        save_every=max(steps, 50),
        eval_every=0,
        best="",
        patience=0,
        keep=keep,
    )
    training.optimizer.warmup_steps = 0.1 * epochs * steps


def _texts(corpora: Sequence[str]) -> list[str]:
    seconds = [0.0, 1.0, 2.0, 3.0]  # digits are single tokens, so any times give all the words
    times = [video_time_text(seconds), *clip_time_texts(seconds, clips=2, clip_frames=2)]
    turns = [turn for _, of_record in read_turns(corpora) for turn in of_record]
    return [*times, *(text for turn in turns for text in (turn.question, turn.answer or ""))]

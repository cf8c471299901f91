"""The whole way once: films, records, training, checkpoint, answers, scores, export and back.

Everything is done by the rooms that a pod run uses; this file only puts them in order. Each step leaves its result in
the work folder and is skipped when it is there, so running again goes on where it stopped.
"""

import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from timesuite_jax import param_tree, port, training
from timesuite_jax.apps.quickstart import recipe as recipes
from timesuite_jax.apps.quickstart.recipe import QuickstartConfig
from timesuite_jax.apps.quickstart.scores import Scores, score
from timesuite_jax.checkpoints.readers import restore_params
from timesuite_jax.data.corpora.corpus import INFO_NAME, write_json
from timesuite_jax.data.synthetic import make_corpus, make_tokenizer
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import draw_timelines
from timesuite_jax.param_tree import Params
from timesuite_jax.port.files import open_layers
from timesuite_jax.progress import progress_bar
from timesuite_jax.registry.load import build
from timesuite_jax.registry.ports import PORTS
from timesuite_jax.text import load_tokenizer
from timesuite_jax.videochat_t.task import VideoChatTask


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a quickstart ended with."""

    scores: Scores
    seconds: dict[str, float]  # of each step, as far as it ran now
    exported: dict[str, Any]
    files: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {**self.scores.metrics, "seconds": self.seconds, "export": self.exported, "files": self.files}


def run(workdir: Path, recipe: QuickstartConfig, *, seed: int, quiet: bool = False) -> Outcome:
    """Does the main job from nothing.

    Args:
      workdir: folder for everything that is made; an earlier run of the same recipe and seed in it is gone on with.
      recipe: how much of everything.
      seed: of the films, the parameters and the data order.
      quiet: no progress bars and no words on stdout.

    Raises:
      UserError: if the folder cannot be used or holds another quickstart.
    """
    say = Console(stderr=True, quiet=quiet).print
    seconds: dict[str, float] = {}
    _claim(workdir, recipe, seed)

    with _timed(seconds, "films", say, "1/5 making mp4 films and TFRecords"):
        _make_corpora(workdir, recipe, seed, quiet)
    with _timed(seconds, "training", say, "2/5 training a tiny VideoChat-T from scratch"):
        config = _config(workdir, recipe, seed)
        task = build(config)
        assert isinstance(task, VideoChatTask)
        result = training.run(
            task, training.TrainingSpec.from_config(config.training), workdir / "run", config=config.to_dict()
        )
        if result.code:
            raise KeyboardInterrupt  # all is saved
        if result.interrupted:
            raise UserError(f"stopped at step {result.step}; the same command goes on from there")
    with _timed(seconds, "answering", say, "3/5 asking about films it has never seen"):
        params = restore_params(workdir / "run", task.abstract_params())
        with progress_bar("answering", 4 * recipe.test_videos, quiet=quiet) as advance:
            scores = score(
                task.predictor(params),
                workdir,
                batch_size=task.config.evaluation.batch_size,
                on_progress=advance,
            )
    with _timed(seconds, "drawing", say, "4/5 drawing answers beside the truth"):
        timeline = workdir / "timeline.png"
        shown = [*scores.one[:3], *scores.two[:4]]
        draw_timelines([prediction.timeline() for prediction in shown], timeline)
    with _timed(seconds, "exporting", say, "5/5 exporting under PyTorch's names and reading back"):
        exported = _export_and_return(params, workdir / "videochat_t.safetensors")
    files = {"timeline": str(timeline), "checkpoint": str(workdir / "run"), "export": exported["file"]}
    outcome = Outcome(scores, {name: round(value, 1) for name, value in seconds.items()}, exported, files)
    write_json(workdir / "results.json", outcome.as_json())
    return outcome


def _claim(workdir: Path, recipe: QuickstartConfig, seed: int) -> None:
    """Makes sure that what lies in the folder is of this recipe and seed."""
    file = workdir / "quickstart.json"
    # As JSON gives it back, with lists for tuples.
    mine = json.loads(json.dumps({"recipe": dataclasses.asdict(recipe), "seed": seed}))
    if file.exists():
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise UserError(f"{file} is damaged; give another --workdir or remove it") from error
        if found != mine:
            raise UserError(f"{workdir} holds a quickstart with other options; give another --workdir or remove it")
        return
    write_json(file, mine)


def _make_corpora(workdir: Path, recipe: QuickstartConfig, seed: int, quiet: bool) -> None:
    for part, (name, spec) in enumerate(recipes.corpora(recipe).items()):
        if not (workdir / name / INFO_NAME).exists():
            make_corpus(workdir / name, spec, seed=1000 * seed + part, quiet=quiet)
    make_tokenizer(workdir, recipes.videos())


def _config(workdir: Path, recipe: QuickstartConfig, seed: int) -> Any:
    vocab = load_tokenizer(workdir / "tokenizer.json").vocab_size
    return recipes.config(recipe, workdir, vocab=vocab, seed=seed)


def _export_and_return(params: Params, file: Path) -> dict[str, Any]:
    """Writes the parameters as a PyTorch user would have them, reads the file, compares byte by byte.

    Raises:
      RuntimeError: if what comes back differs.
    """
    model = PORTS["videochat_t"]
    written = port.export(model, port.TreeSource.of_params(model, params), file, port.ExportSpec())
    loaded = port.load(model, open_layers(model, [str(file)])).params
    before, after = dict(param_tree.leaves_with_paths(params)), dict(param_tree.leaves_with_paths(loaded))
    wrong = [path for path in before if np.asarray(before[path]).tobytes() != np.asarray(after.get(path)).tobytes()]
    if wrong or before.keys() != after.keys():
        raise RuntimeError(f"{len(wrong)} parameters did not survive the export, e.g. {wrong[:3]}")
    return {"file": str(file), "tensors": len(written), "identical": True}


@contextmanager
def _timed(seconds: dict[str, float], name: str, say: Callable[[str], None], words: str) -> Iterator[None]:
    say(f"[bold]{words}[/bold]")
    began = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - began

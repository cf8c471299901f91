"""The quickstart's steps: videos, records, training, checkpoint, answers, scores, export and import.

The steps call the same packages as a run on a pod, in order. Each stores its result in the work folder; the corpora and
the training are skipped or resumed if they are there.
"""

import dataclasses
import shlex
from pathlib import Path
from typing import Any

import numpy as np
from ml_collections import ConfigDict
from rich.console import Console

from timesuite_jax import param_tree, port
from timesuite_jax.apps.quickstart.config import QuickstartConfig, corpora, run_config, video_spec
from timesuite_jax.apps.quickstart.scores import QuickstartScores, score
from timesuite_jax.apps.settings_file import keep_settings
from timesuite_jax.apps.timing import timed
from timesuite_jax.apps.training_run import train
from timesuite_jax.checkpoints.readers import restore_params
from timesuite_jax.data.corpora.corpus import INFO_NAME, write_json
from timesuite_jax.data.synthetic import make_corpus, make_tokenizer
from timesuite_jax.evaluation import draw_timelines
from timesuite_jax.param_tree import Params
from timesuite_jax.progress import progress_bar
from timesuite_jax.registry.export_config import expanded, with_files, write_beside
from timesuite_jax.registry.ports import PORTS
from timesuite_jax.storage.remote_path import to_path
from timesuite_jax.text import load_tokenizer
from timesuite_jax.videochat_t.answering.timeline_parts import file_frames
from timesuite_jax.videochat_t.benchmarks.grounding_prediction import GroundingPrediction
from timesuite_jax.videochat_t.task import VideoChatTask


@dataclasses.dataclass(frozen=True)
class Outcome:
    """Result of a quickstart."""

    scores: QuickstartScores
    seconds: dict[str, float]  # of each step in this invocation
    exported: dict[str, Any]
    files: dict[str, str]
    next_command: str  # to try: a question on one of the held-out videos

    def as_json(self) -> dict[str, Any]:
        """Returns the result as JSON values."""
        result = {"seconds": self.seconds, "export": self.exported, "files": self.files, "next": self.next_command}
        return {**self.scores.metrics, **result}


def run(workdir: Path, config: QuickstartConfig, *, seed: int, quiet: bool = False) -> Outcome:
    """Runs all steps.

    Args:
      workdir: folder for all outputs; an earlier quickstart of the same config and seed in it is resumed.
      config: sizes.
      seed: of the videos, the parameters and the data order.
      quiet: no progress bars and no output on stderr.

    Raises:
      UserError: the folder cannot be used, or contains another quickstart.
    """
    show = Console(stderr=True, quiet=quiet).print
    seconds: dict[str, float] = {}
    settings = {"config": dataclasses.asdict(config), "seed": seed}
    keep_settings(workdir / "quickstart.json", settings, "a quickstart")

    with timed(seconds, "videos", show, "1/5 making mp4 videos and TFRecords"):
        _make_corpora(workdir, config, seed, quiet)
    with timed(seconds, "training", show, "2/5 training a tiny VideoChat-T from scratch"):
        vocab = load_tokenizer(workdir / "tokenizer.json").vocab_size
        training_config = run_config(config, workdir, vocab=vocab, seed=seed)
        task, _ = train(training_config, workdir / "run", VideoChatTask)
    with timed(seconds, "answering", show, "3/5 answering questions about held-out videos"):
        params = restore_params(workdir / "run", task.abstract_params())
        with progress_bar("answering", 4 * config.test_videos, quiet=quiet) as advance:
            scores = score(
                task.predictor(params),
                workdir,
                batch_size=task.config.evaluation.batch_size,
                on_progress=advance,
            )
    with timed(seconds, "drawing", show, "4/5 drawing answers beside the truth"):
        timeline = workdir / "timeline.png"
        shown = [("one_object", one) for one in scores.one[:3]] + [("two_objects", one) for one in scores.two[:4]]
        videos = [workdir / corpus / "videos" / prediction.source for corpus, prediction in shown]
        drawn = [prediction.timeline(file_frames(video)) for video, (_, prediction) in zip(videos, shown, strict=True)]
        draw_timelines(drawn, timeline)
    with timed(seconds, "exporting", show, "5/5 exporting under PyTorch's names and importing again"):
        exported = _export_and_import(params, training_config, workdir / "export")
    files = {"timeline": str(timeline), "checkpoint": str(workdir / "run"), "export": exported["file"]}
    rounded = {name: round(value, 1) for name, value in seconds.items()}
    outcome = Outcome(scores, rounded, exported, files, _question_to_ask(workdir, scores.two[0]))
    write_json(workdir / "results.json", outcome.as_json())
    return outcome


def _question_to_ask(workdir: Path, prediction: GroundingPrediction) -> str:
    """The command that asks the trained model one of the held-out questions about a video with two objects."""
    video = workdir / "two_objects" / "videos" / prediction.source
    words = ["timesuite", "ask", str(video), prediction.question, "--workdir", str(workdir / "run")]
    return shlex.join([*words, "--timeline", str(workdir / "answer.png")])


def _make_corpora(workdir: Path, config: QuickstartConfig, seed: int, quiet: bool) -> None:
    for part, (name, spec) in enumerate(corpora(config).items()):
        if not (workdir / name / INFO_NAME).exists():
            make_corpus(workdir / name, spec, seed=1000 * seed + part, quiet=quiet)
    make_tokenizer(workdir, video_spec())


def _export_and_import(params: Params, config: ConfigDict, folder: Path) -> dict[str, Any]:
    """Exports the parameters under PyTorch's names, imports the file, and compares byte by byte.

    The folder has a config and the tokenizer, too, so that `timesuite ask --config` works with it wherever it is.

    Raises:
      RuntimeError: the imported parameters differ.
    """
    model, file = PORTS["videochat_t"], folder / "model.safetensors"
    written = port.export(port.TreeSource.of_params(model, params), file, port.ExportSpec(overwrite=True))
    write_beside(to_path(file), with_files(expanded(config.to_dict()), [f"./{file.name}"]))
    loaded = port.load(model, port.open_layers(model, [str(file)])).params
    before, after = dict(param_tree.leaves_with_paths(params)), dict(param_tree.leaves_with_paths(loaded))
    wrong = [path for path in before if np.asarray(before[path]).tobytes() != np.asarray(after.get(path)).tobytes()]
    if wrong or before.keys() != after.keys():
        raise RuntimeError(f"{len(wrong)} parameters differ after export and import, e.g. {wrong[:3]}")
    return {"file": str(file), "tensors": len(written), "identical": True}

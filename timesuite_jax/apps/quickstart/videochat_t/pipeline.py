"""The steps of VideoChat-T's quickstart: videos, records, training, checkpoint, answers, scores, export and import.

The steps call the same packages as a run on a pod, in order. Each stores its result in the work folder; the corpora and
the training are skipped or resumed if they are there.
"""

import dataclasses
import shlex
from pathlib import Path
from typing import Any

import numpy as np
from ml_collections import ConfigDict

from timesuite_jax import param_tree, port
from timesuite_jax.apps.quickstart.run import Work
from timesuite_jax.apps.quickstart.videochat_t.config import QuickstartConfig, corpora, run_config, video_spec
from timesuite_jax.apps.quickstart.videochat_t.scores import QuickstartScores, score
from timesuite_jax.apps.training_run import train
from timesuite_jax.checkpoints.readers import restore_params
from timesuite_jax.data.corpora.build_state import is_finished
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
class Result:
    """See `apps.quickstart.run.Result`; `next_command` is a question on one of the held-out videos."""

    scores: QuickstartScores
    exported: dict[str, Any]
    files: dict[str, str]
    next_command: str

    def metrics(self) -> dict[str, Any]:
        """Returns the scores and what was exported as JSON values."""
        return {**self.scores.metrics, "export": self.exported}


def pipeline(work: Work[QuickstartConfig]) -> Result:
    """Runs the steps.

    Raises:
      UserError: the folder cannot be used, or SIGTERM stopped the training.
    """
    workdir, config = work.folder, work.config
    with work.step("videos", "making mp4 videos and TFRecords"):
        _make_corpora(work)
    with work.step("training", "training a tiny VideoChat-T from scratch"):
        vocab = load_tokenizer(workdir / "tokenizer.json").vocab_size
        training_config = run_config(config, workdir, vocab=vocab, seed=work.seed)
        task, _ = train(training_config, workdir / "run", VideoChatTask)
    with work.step("answering", "answering questions about held-out videos"):
        params = restore_params(workdir / "run", task.abstract_params())
        with progress_bar("answering", 4 * config.test_videos, quiet=work.quiet) as advance:
            size = task.config.evaluation.batch_size
            scores = score(task.predictor(params), workdir, batch_size=size, on_progress=advance)
    with work.step("drawing", "drawing answers beside the truth"):
        timeline = workdir / "timeline.png"
        shown = [("one_object", one) for one in scores.one[:3]] + [("two_objects", one) for one in scores.two[:4]]
        videos = [workdir / corpus / "videos" / prediction.source for corpus, prediction in shown]
        drawn = [prediction.timeline(file_frames(video)) for video, (_, prediction) in zip(videos, shown, strict=True)]
        draw_timelines(drawn, timeline)
    with work.step("exporting", "exporting under PyTorch's names and importing again"):
        exported = _export_and_import(params, training_config, workdir / "export")
    files = {"timeline": str(timeline), "checkpoint": str(workdir / "run"), "export": exported["file"]}
    return Result(scores, exported, files, _question_to_ask(workdir, scores.two[0]))


def _question_to_ask(workdir: Path, prediction: GroundingPrediction) -> str:
    """The command that asks the trained model one of the held-out questions about a video with two objects."""
    video = workdir / "two_objects" / "videos" / prediction.source
    words = ["timesuite", "ask", str(video), prediction.question, "--workdir", str(workdir / "run")]
    return shlex.join([*words, "--timeline", str(workdir / "answer.png")])


def _make_corpora(work: Work[QuickstartConfig]) -> None:
    for part, (name, spec) in enumerate(corpora(work.config).items()):
        if not is_finished(work.folder / name):
            make_corpus(work.folder / name, spec, seed=1000 * work.seed + part, quiet=work.quiet)
    make_tokenizer(work.folder, video_spec())


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

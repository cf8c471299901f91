"""The quickstart's steps for InternVideo2, from videos to scores, features and a picture.

The steps call the same packages as a run on a pod. Each stores its result in the work folder; corpora and runs that are
there are skipped or resumed.
"""

import dataclasses
import functools
import shlex
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from timesuite_jax.apps.quickstart.internvideo2.config import SIZE as VIDEO_SIZE
from timesuite_jax.apps.quickstart.internvideo2.config import (
    VIEWS,
    InternVideo2QuickstartConfig,
    action_config,
    corpora,
    few_corpus,
    pretrain_config,
    probe_config,
)
from timesuite_jax.apps.quickstart.internvideo2.figure import draw_picture
from timesuite_jax.apps.quickstart.internvideo2.masked_clips import masked_clips
from timesuite_jax.apps.quickstart.internvideo2.runs import Runs
from timesuite_jax.apps.quickstart.internvideo2.scores import ClassScores, score
from timesuite_jax.apps.settings_file import keep_settings
from timesuite_jax.apps.timing import timed
from timesuite_jax.data.corpora.corpus import INFO_NAME, write_json
from timesuite_jax.data.synthetic import ORDERED_EVENTS, SINGLE_EVENTS, make_event_corpus
from timesuite_jax.embeddings.video import FeatureRequest, extract_features, write_features
from timesuite_jax.internvideo2.action.task import ActionTask
from timesuite_jax.media import VideoError
from timesuite_jax.param_tree import Params
from timesuite_jax.progress import progress_bar

_DRAWN = (0, 3, 6)  # videos of the picture, of three classes


@dataclasses.dataclass(frozen=True)
class Outcome:
    """Result of a quickstart.

    Attributes:
      scores: accuracies by row of the table; those of few labels are means over the repeats.
      repeats: accuracy of each repeat with few labels, from pretrained parameters and from scratch.
      config: sizes.
      seconds: of each step in this invocation.
      files: by what they are.
      next_command: to try on one of the held-out videos.
    """

    scores: dict[str, dict[str, float]]
    repeats: dict[str, list[float]]
    config: InternVideo2QuickstartConfig
    seconds: dict[str, float]
    files: dict[str, str]
    next_command: str

    def as_json(self) -> dict[str, Any]:
        """Returns the result as JSON values."""
        metrics = {f"{row}_{name}": value for row, found in self.scores.items() for name, value in found.items()}
        repeats = {f"{row}_top1_repeats": values for row, values in self.repeats.items()}
        return {**metrics, **repeats, "seconds": self.seconds, "files": self.files, "next": self.next_command}


def run(workdir: Path, config: InternVideo2QuickstartConfig, *, seed: int, quiet: bool = False) -> Outcome:
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
    settings = {"family": "internvideo2", "config": dataclasses.asdict(config), "seed": seed}
    keep_settings(workdir / "quickstart.json", settings, "a quickstart")
    runs, scores, test = Runs(workdir), {}, workdir / "test"

    with timed(seconds, "videos", show, "1/8 making mp4 videos, lists of their labels and TFRecords"):
        _make_corpora(workdir, config, seed, quiet)
    with timed(seconds, "teacher", show, "2/8 training a teacher on videos of one event"):
        made = action_config(config, workdir / "proxy", steps=config.teacher_steps, seed=seed)
        task, params = runs.classifier("teacher", made)
        scores["teacher"] = score(task, params, workdir / "proxy_test", SINGLE_EVENTS, quiet=quiet)
        teacher = runs.export_encoder("teacher", params["vision"])
    with timed(seconds, "pretraining", show, "3/8 pretraining on videos of two events without labels (stage 1)"):
        made = pretrain_config(config, workdir / "train", seed=seed, teacher=teacher)
        pretraining = runs.pretrained("pretrain", made)
        student = runs.export_encoder("student", pretraining.params["student"]["encoder"])
    with timed(seconds, "fine-tuning", show, "4/8 fine-tuning on all labels"):
        made = action_config(config, workdir / "train", steps=config.finetune_steps, seed=seed, encoder=student)
        tuned, tuned_params = runs.classifier("finetune", made)
        score_tuned = functools.partial(score, tuned, tuned_params, test, ORDERED_EVENTS, quiet=quiet)
        scores["finetuned"] = score_tuned()
        scores["views"] = score_tuned(views=VIEWS)
        scores["shuffled"] = score_tuned(control="shuffled")
        scores["one_frame"] = score_tuned(control="one_frame")
    with timed(seconds, "probes", show, "5/8 attentive probes of the frozen encoder, and of a random one"):
        for name, encoder in (("probe", student), ("random_probe", None)):
            made = probe_config(config, workdir / "train", steps=config.probe_steps, seed=seed, encoder=encoder)
            scores[name] = score(*runs.classifier(name, made), test, ORDERED_EVENTS, quiet=quiet)
    with timed(seconds, "few labels", show, f"6/8 training on {config.few_videos} labels, pretrained and from scratch"):
        repeats = _few_labels(runs, config, seed, student, scores, quiet)
    with timed(seconds, "features", show, "7/8 extracting features of held-out videos"):
        features = _extract(tuned, tuned_params, workdir, config, quiet)
    with timed(seconds, "drawing", show, "8/8 drawing masks, attention and the confusion of classes"):
        picture = workdir / "picture.png"
        clips = masked_clips(pretraining, test, _DRAWN, seed=seed)
        draw_picture(clips, scores["views"].confusion, ORDERED_EVENTS, picture)

    files = {
        "picture": str(picture),
        "features": str(features),
        "fine-tuned run": str(runs.folder("finetune")),
        "pretrained run": str(runs.folder("pretrain")),
        "pretrained encoder": str(student),
        "results": str(workdir / "results.json"),
    }
    rounded = {name: round(value, 1) for name, value in seconds.items()}
    metrics = {name: dict(found.metrics) for name, found in scores.items()}
    video, trained = test / "videos" / "000000.mp4", runs.folder("finetune")
    command = shlex.join(["timesuite", "classify", str(video), "--workdir", str(trained), "--top", "3"])
    outcome = Outcome(metrics, repeats, config, rounded, files, command)
    write_json(workdir / "results.json", outcome.as_json())
    return outcome


def _make_corpora(workdir: Path, config: InternVideo2QuickstartConfig, seed: int, quiet: bool) -> None:
    for part, (name, (kind, videos)) in enumerate(corpora(config).items()):
        if not (workdir / name / INFO_NAME).exists():
            make_event_corpus(workdir / name, kind, videos, seed=1000 * seed + part, size=VIDEO_SIZE, quiet=quiet)


def _few_labels(
    runs: Runs,
    config: InternVideo2QuickstartConfig,
    seed: int,
    student: Path,
    scores: dict[str, ClassScores],
    quiet: bool,
) -> dict[str, list[float]]:
    """Trains on each of the small corpora from both starts; adds the mean scores, and returns those of each repeat."""
    repeats: dict[str, list[float]] = {}
    small = dataclasses.replace(config, batch_size=config.few_batch_size)
    for row, encoder in (("few_pretrained", student), ("few_scratch", None)):
        found = []
        for repeat in range(config.repeats):
            corpus = few_corpus(repeat)
            steps = config.few_steps
            made = action_config(small, runs.workdir / corpus, steps=steps, seed=seed + repeat, encoder=encoder)
            task, params = runs.classifier(f"{row}_{repeat}", made)
            found.append(score(task, params, runs.workdir / "test", ORDERED_EVENTS, quiet=quiet))
        means = {name: sum(one.metrics[name] for one in found) / len(found) for name in found[0].metrics}
        scores[row] = ClassScores(means, np.sum([one.confusion for one in found], axis=0))
        repeats[row] = [one.metrics["top1"] for one in found]
    return repeats


def _extract(
    task: ActionTask, params: Params, workdir: Path, config: InternVideo2QuickstartConfig, quiet: bool
) -> Path:
    """Writes the features of some held-out videos, one file each."""
    folder, request = workdir / "features", FeatureRequest(window=1.0, stride=0.5)
    folder.mkdir(exist_ok=True)
    videos = sorted((workdir / "test" / "videos").iterdir())[: config.feature_videos]
    with progress_bar("extracting", len(videos), quiet=quiet) as advance:
        for number, content in extract_features(params, task.feature_encoder(request), request, videos, batch_size=8):
            if isinstance(content, VideoError):
                raise content
            write_features(folder / f"{videos[number].stem}.npz", content)
            advance(1)
    return folder

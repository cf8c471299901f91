"""The steps of InternVideo2's quickstart, from videos to scores, features and a picture.

The steps call the same packages as a run on a pod. Each stores its result in the work folder; corpora and runs that are
there are skipped or resumed.
"""

import dataclasses
import functools
import shlex
from pathlib import Path
from typing import Any

import numpy as np

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
from timesuite_jax.apps.quickstart.run import Work
from timesuite_jax.data.corpora.build_state import is_finished
from timesuite_jax.data.synthetic import ORDERED_EVENTS, SINGLE_EVENTS, make_event_corpus
from timesuite_jax.embeddings.video import FeatureRequest, extract_features, write_features
from timesuite_jax.internvideo2.action.task import ActionTask
from timesuite_jax.media import VideoError
from timesuite_jax.param_tree import Params
from timesuite_jax.progress import progress_bar

_DRAWN = (0, 3, 6)  # videos of the picture, of three classes


@dataclasses.dataclass(frozen=True)
class Result:
    """See `apps.quickstart.run.Result`.

    Attributes:
      scores: accuracies by row of the table; those of few labels are means over the repeats.
      repeats: accuracy of each repeat with few labels, from pretrained parameters and from scratch.
      config: sizes.
      files: by what they are.
      next_command: to try on one of the held-out videos.
    """

    scores: dict[str, dict[str, float]]
    repeats: dict[str, list[float]]
    config: InternVideo2QuickstartConfig
    files: dict[str, str]
    next_command: str

    def metrics(self) -> dict[str, Any]:
        """Returns the accuracies as JSON values."""
        metrics = {f"{row}_{name}": value for row, found in self.scores.items() for name, value in found.items()}
        return {**metrics, **{f"{row}_top1_repeats": values for row, values in self.repeats.items()}}


def pipeline(work: Work[InternVideo2QuickstartConfig]) -> Result:
    """Runs the steps.

    Raises:
      UserError: the folder cannot be used, or SIGTERM stopped a training.
    """
    workdir, config, seed, quiet = work.folder, work.config, work.seed, work.quiet
    runs, scores, test = Runs(workdir), {}, workdir / "test"

    with work.step("videos", "making mp4 videos, lists of their labels and TFRecords"):
        _make_corpora(work)
    with work.step("teacher", "training a teacher on videos of one event"):
        made = action_config(config, workdir / "proxy", steps=config.teacher_steps, seed=seed)
        task, params = runs.classifier("teacher", made)
        scores["teacher"] = score(task, params, workdir / "proxy_test", SINGLE_EVENTS, quiet=quiet)
        teacher = runs.export_encoder("teacher", params["vision"])
    with work.step("pretraining", "pretraining on videos of two events without labels (stage 1)"):
        made = pretrain_config(config, workdir / "train", seed=seed, teacher=teacher)
        pretraining = runs.pretrained("pretrain", made)
        student = runs.export_encoder("student", pretraining.params["student"]["encoder"])
    with work.step("fine-tuning", "fine-tuning on all labels"):
        made = action_config(config, workdir / "train", steps=config.finetune_steps, seed=seed, encoder=student)
        tuned, tuned_params = runs.classifier("finetune", made)
        score_tuned = functools.partial(score, tuned, tuned_params, test, ORDERED_EVENTS, quiet=quiet)
        scores["finetuned"] = score_tuned()
        scores["views"] = score_tuned(views=VIEWS)
        scores["shuffled"] = score_tuned(control="shuffled")
        scores["one_frame"] = score_tuned(control="one_frame")
    with work.step("probes", "attentive probes of the frozen encoder, and of a random one"):
        for name, encoder in (("probe", student), ("random_probe", None)):
            made = probe_config(config, workdir / "train", steps=config.probe_steps, seed=seed, encoder=encoder)
            scores[name] = score(*runs.classifier(name, made), test, ORDERED_EVENTS, quiet=quiet)
    with work.step("few labels", f"training on {config.few_videos} labels, pretrained and from scratch"):
        repeats = _few_labels(work, runs, student, scores)
    with work.step("features", "extracting features of held-out videos"):
        features = _extract(work, tuned, tuned_params)
    with work.step("drawing", "drawing masks, attention and the confusion of classes"):
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
    metrics = {name: dict(found.metrics) for name, found in scores.items()}
    video, trained = test / "videos" / "000000.mp4", runs.folder("finetune")
    command = shlex.join(["timesuite", "classify", str(video), "--workdir", str(trained), "--top", "3"])
    return Result(metrics, repeats, config, files, command)


def _make_corpora(work: Work[InternVideo2QuickstartConfig]) -> None:
    for part, (name, (kind, videos)) in enumerate(corpora(work.config).items()):
        if not is_finished(work.folder / name):
            seed = 1000 * work.seed + part
            make_event_corpus(work.folder / name, kind, videos, seed=seed, size=VIDEO_SIZE, quiet=work.quiet)


def _few_labels(
    work: Work[InternVideo2QuickstartConfig], runs: Runs, student: Path, scores: dict[str, ClassScores]
) -> dict[str, list[float]]:
    """Trains on each of the small corpora from both starts; adds the mean scores, and returns those of each repeat."""
    repeats: dict[str, list[float]] = {}
    small = dataclasses.replace(work.config, batch_size=work.config.few_batch_size)
    for row, encoder in (("few_pretrained", student), ("few_scratch", None)):
        found = []
        for repeat in range(work.config.repeats):
            corpus = work.folder / few_corpus(repeat)
            seed = work.seed + repeat
            made = action_config(small, corpus, steps=small.few_steps, seed=seed, encoder=encoder)
            task, params = runs.classifier(f"{row}_{repeat}", made)
            found.append(score(task, params, work.folder / "test", ORDERED_EVENTS, quiet=work.quiet))
        means = {name: sum(one.metrics[name] for one in found) / len(found) for name in found[0].metrics}
        scores[row] = ClassScores(means, np.sum([one.confusion for one in found], axis=0))
        repeats[row] = [one.metrics["top1"] for one in found]
    return repeats


def _extract(work: Work[InternVideo2QuickstartConfig], task: ActionTask, params: Params) -> Path:
    """Writes the features of some held-out videos, one file each."""
    folder, request = work.folder / "features", FeatureRequest(window=1.0, stride=0.5)
    folder.mkdir(exist_ok=True)
    videos = sorted((work.folder / "test" / "videos").iterdir())[: work.config.feature_videos]
    with progress_bar("extracting", len(videos), quiet=work.quiet) as advance:
        for number, content in extract_features(params, task.feature_encoder(request), request, videos, batch_size=8):
            if isinstance(content, VideoError):
                raise content
            write_features(folder / f"{videos[number].stem}.npz", content)
            advance(1)
    return folder

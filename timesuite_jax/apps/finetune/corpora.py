"""From a file of rows to corpora: validates, splits, writes annotations, builds.

WORKDIR/finetune.json            settings and what validation found; it is written when all rows are valid
WORKDIR/annotations/NAME.json    TimePro annotations of each corpus
WORKDIR/corpora/NAME/            the corpora: `train`, and by what is scored `held_out_grounding`, `held_out_answers`
"""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from timesuite_jax.apps.finetune.annotations import ANSWERS, GROUNDING, make_annotations
from timesuite_jax.apps.finetune.spec import FinetuneSpec
from timesuite_jax.apps.finetune.split import split_videos
from timesuite_jax.apps.finetune.validation import validate
from timesuite_jax.apps.settings_file import check_settings, read_settings
from timesuite_jax.checkpoints.layout import has_checkpoint
from timesuite_jax.data.corpora import BuildSpec, CorpusInfo, build_corpus
from timesuite_jax.data.corpora.corpus import INFO_NAME, write_json
from timesuite_jax.errors import UserError
from timesuite_jax.storage.atomic_write import replace_text
from timesuite_jax.storage.remote_path import make_folder, to_path
from timesuite_jax.storage.staging import local_copy
from timesuite_jax.storage.write_errors import explain_write_errors

TRAIN = "train"
# Corpus of held-out videos -> task, benchmark of their questions.
HELD_OUT: Mapping[str, tuple[str, str]] = {
    "held_out_grounding": (GROUNDING, "grounding"),
    "held_out_answers": (ANSWERS, "exact_match"),
}


@dataclass(frozen=True)
class Plan:
    """What validation found, and what is to be built.

    Attributes:
      rows: number of rows of each corpus.
      videos: number of videos of each part, `train` and `held_out`.
      left_out: number and problem of each bad row.
      notes: on the file of rows.
    """

    rows: dict[str, int]
    videos: dict[str, int]
    left_out: tuple[tuple[int, str], ...]
    notes: tuple[str, ...]

    @property
    def held_out(self) -> tuple[str, ...]:
        """Names of the corpora to evaluate on."""
        return tuple(name for name in self.rows if name != TRAIN)


def find_plan(spec: FinetuneSpec) -> Plan | None:
    """Reads the plan of a work folder; None for a new one.

    Raises:
      UserError: the folder has another run, or was started with other rows or settings.
    """
    file = _plan_file(spec)
    found = read_settings(file)
    if found is None:
        if has_checkpoint(spec.workdir) or (spec.workdir / "config.json").exists():
            raise UserError(
                f"{spec.workdir} has a run that `timesuite finetune` did not start; give another --workdir (to start "
                f"from this run, --weights {spec.workdir})"
            )
        return None
    try:
        settings, plan = found["settings"], found["plan"]
        known = Plan(plan["rows"], plan["videos"], tuple(map(tuple, plan["left_out"])), tuple(plan["notes"]))
    except (KeyError, TypeError) as error:
        raise UserError(f"{file} is damaged; give another --workdir or remove it") from error
    check_settings(settings, spec.settings(), spec.workdir, "a fine-tuning")
    return known


def make_plan(spec: FinetuneSpec, *, quiet: bool) -> Plan:
    """Validates the rows, splits their videos, and writes the annotations and the plan to the work folder.

    Raises:
      UserError: listing the bad rows, before anything is written.
    """
    settings = spec.settings()  # before the rows are read: a file that changes meanwhile is not taken for the old one
    valid = validate(
        local_copy(spec.rows),
        spec.videos,
        on_bad_span=spec.on_bad_span,
        skip_bad_rows=spec.skip_bad_rows,
        deadline_s=spec.deadline_s,
        threads=spec.threads,
        quiet=quiet,
    )
    digests = {name: video.digest for name, video in valid.videos.items()}
    split = split_videos(digests, spec.held_out, seed=spec.seed)
    parts = {TRAIN: make_annotations(valid.rows, split.train)}
    for name, (task, _) in HELD_OUT.items():
        rows = [row for row in valid.rows if bool(row.spans) == (task == GROUNDING)]
        parts[name] = make_annotations(rows, split.held_out)
    parts = {name: entries for name, entries in parts.items() if entries}
    plan = Plan(
        {name: sum(len(entry["QA"]) for entry in entries) for name, entries in parts.items()},
        {TRAIN: len(split.train), "held_out": len(split.held_out)},
        tuple(map(tuple, valid.left_out)),
        valid.notes,
    )
    with explain_write_errors(to_path(spec.workdir), "work folder"):
        make_folder(spec.workdir / "annotations")
        for name, entries in parts.items():
            replace_text(to_path(_annotations(spec, name)), json.dumps(entries, indent=1, ensure_ascii=False) + "\n")
    write_json(_plan_file(spec), {"settings": settings, "plan": asdict(plan)})
    return plan


def build_corpora(spec: FinetuneSpec, plan: Plan, show: Callable[[str], None], *, quiet: bool) -> None:
    """Builds the corpora that are not complete.

    Raises:
      UserError: a row that was valid was rejected, e.g. because its video was changed meanwhile.
    """
    for name in plan.rows:
        folder = corpus_folder(spec.workdir, name)
        if (folder / INFO_NAME).exists():
            continue
        build = BuildSpec(name, frames=spec.frames, deadline_s=spec.deadline_s, on_bad_span=spec.on_bad_span)
        info = build_corpus(_annotations(spec, name), spec.videos, folder, build, quiet=quiet)
        if info.quarantine and not spec.skip_bad_rows:
            shutil.rmtree(folder)
            raise UserError(_rejected(info, json.loads(_annotations(spec, name).read_text(encoding="utf-8"))))
        for rejected in info.quarantine:
            show(f"left out: {rejected.source}: {rejected.reason}")


def corpus_folder(workdir: Path, name: str) -> Path:
    """Folder of a corpus of a run."""
    return workdir / "corpora" / name


def _rejected(info: CorpusInfo, entries: list[dict[str, Any]]) -> str:
    numbers = {f"{info.name}/{number}": entry["rows"] for number, entry in enumerate(entries)}
    listed = "".join(f"\n  rows {numbers.get(one.id)}: {one.source}: {one.reason}" for one in info.quarantine)
    return (
        f"{len(info.quarantine)} records were rejected that were valid before; correct the videos, give a longer "
        f"--deadline, or leave their rows out with --skip-bad-rows in another --workdir:{listed}"
    )


def _annotations(spec: FinetuneSpec, name: str) -> Path:
    return spec.workdir / "annotations" / f"{name}.json"


def _plan_file(spec: FinetuneSpec) -> Path:
    return spec.workdir / "finetune.json"

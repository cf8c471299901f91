"""What is built of a file of rows: validates the rows, splits their videos and writes annotations.

WORKDIR/rows/NAME                copy of the file of rows
WORKDIR/finetune.json            settings and what validation found; it is written when all rows are valid
WORKDIR/annotations/NAME.json    TimePro annotations of each corpus: `train`, and by what is scored `held_out_grounding`
                                 and `held_out_answers`
"""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from timesuite_jax.apps.finetune.annotations import ANSWERS, GROUNDING, make_annotations
from timesuite_jax.apps.finetune.kept_rows import changed_rows, keep_rows
from timesuite_jax.apps.finetune.raw_rows import RowNumber, RowProblem
from timesuite_jax.apps.finetune.spec import FinetuneSpec
from timesuite_jax.apps.finetune.split import Split, split_videos
from timesuite_jax.apps.finetune.validation import ValidRows, validate
from timesuite_jax.apps.settings_file import check_settings, read_settings
from timesuite_jax.checkpoints.layout import has_checkpoint
from timesuite_jax.data.corpora.corpus import write_json
from timesuite_jax.data.corpora.tfrecord import cannot_write
from timesuite_jax.errors import UserError
from timesuite_jax.json_text import to_json
from timesuite_jax.storage.atomic_write import replace_text
from timesuite_jax.storage.remote_path import make_folder, to_path
from timesuite_jax.storage.staging import local_copy

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
      left_out: bad rows.
      notes: on the file of rows.
    """

    rows: dict[str, int]
    videos: dict[str, int]
    left_out: tuple[RowProblem, ...]
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
        left_out = tuple(RowProblem(RowNumber(*number), text) for number, text in plan["left_out"])
        known = Plan(plan["rows"], plan["videos"], left_out, tuple(plan["notes"]))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{file} is damaged; give another --workdir or remove it") from error
    given = spec.settings()
    if settings.get("rows") != given["rows"]:
        raise changed_rows(local_copy(spec.rows), spec.workdir, found.get("kept_rows"))
    check_settings(settings, given, spec.workdir, "a fine-tuning")
    return known


def make_plan(spec: FinetuneSpec, *, quiet: bool) -> Plan:
    """Validates the rows, splits their videos, and writes the annotations and the plan to the work folder.

    Raises:
      UserError: listing the bad rows, before anything is written.
    """
    _check_writable(spec.workdir)
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
    split = split_videos({name: one.digest for name, one in valid.videos.items()}, spec.held_out, seed=spec.seed)
    parts = _parts(valid, split)
    plan = Plan(
        {name: sum(len(entry["QA"]) for entry in entries) for name, entries in parts.items()},
        {TRAIN: len(split.train), "held_out": len(split.held_out)},
        valid.left_out,
        valid.notes,
    )
    try:
        make_folder(spec.workdir / "annotations")
        for name, entries in parts.items():
            text = to_json(entries, indent=1, ensure_ascii=False) + "\n"
            replace_text(to_path(annotations_file(spec, name)), text)
    except OSError as error:
        raise cannot_write(spec.workdir, error) from error
    kept = keep_rows(local_copy(spec.rows), spec.workdir)
    write_json(_plan_file(spec), {"settings": settings, "kept_rows": kept, "plan": asdict(plan)})
    return plan


def annotations_file(spec: FinetuneSpec, name: str) -> Path:
    """The annotations of a corpus."""
    return spec.workdir / "annotations" / f"{name}.json"


def _parts(valid: ValidRows, split: Split) -> dict[str, list[dict[str, Any]]]:
    """The annotations of each corpus that has any."""
    parts = {TRAIN: make_annotations(valid.rows, split.train)}
    for name, (task, _) in HELD_OUT.items():
        rows = [row for row in valid.rows if bool(row.spans) == (task == GROUNDING)]
        parts[name] = make_annotations(rows, split.held_out)
    return {name: entries for name, entries in parts.items() if entries}


def _check_writable(workdir: Path) -> None:
    """Fails before videos are checked, which may take long, if nothing could be written afterwards."""
    folder = workdir.absolute()
    while not folder.exists():
        folder = folder.parent
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise UserError(f"cannot write to {workdir}: {folder} is not a folder that can be written to; choose another")


def _plan_file(spec: FinetuneSpec) -> Path:
    return spec.workdir / "finetune.json"

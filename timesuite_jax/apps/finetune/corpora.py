"""Builds the corpora of a plan in WORKDIR/corpora."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from timesuite_jax.apps.finetune.plan import Plan, annotations_file
from timesuite_jax.apps.finetune.spec import FinetuneSpec
from timesuite_jax.counted import counted
from timesuite_jax.data.corpora import BuildSpec, CorpusInfo, build_corpus
from timesuite_jax.data.corpora.build_state import is_finished
from timesuite_jax.data.corpora.corpus import read_info
from timesuite_jax.errors import UserError


def build_corpora(spec: FinetuneSpec, plan: Plan, show: Callable[[str], None], *, quiet: bool) -> None:
    """Builds the corpora that are not complete.

    Those that are complete are checked for rejected rows again: their build may have been killed before it was.

    Raises:
      UserError: a row that was valid was rejected, e.g. because its video was changed meanwhile.
    """
    for name in plan.rows:
        folder = corpus_folder(spec.workdir, name)
        if is_finished(folder):
            info = read_info(folder)
        else:
            build = BuildSpec(name, frames=spec.frames, deadline_s=spec.deadline_s, on_bad_span=spec.on_bad_span)
            info = build_corpus(annotations_file(spec, name), spec.videos, folder, build, quiet=quiet)
        rejected = _rejected(info, json.loads(annotations_file(spec, name).read_text(encoding="utf-8")))
        if rejected and not spec.skip_bad_rows:
            shutil.rmtree(folder)
            verb = "was" if len(rejected) == 1 else "were"
            listed = "".join(f"\n  {line}" for line in rejected)
            raise UserError(
                f"{counted(len(rejected), 'record')} {verb} rejected that {verb} valid before; correct the videos, "
                f"give a longer --deadline, or leave their rows out with --skip-bad-rows in another --workdir:{listed}"
            )
        for line in rejected:
            show(f"left out: {line}")


def corpus_folder(workdir: Path, name: str) -> Path:
    """Folder of a corpus of a run."""
    return workdir / "corpora" / name


def _rejected(info: CorpusInfo, entries: list[dict[str, Any]]) -> list[str]:
    """The rows of each record that was rejected, and why."""
    numbers = {f"{info.name}/{number}": "; ".join(map(str, entry["rows"])) for number, entry in enumerate(entries)}
    return [f"rows {numbers.get(one.id)}: {one.source}: {one.reason}" for one in info.quarantine]

"""Writes `dataset_info.json`: what a corpus contains, what was rejected, and how it was built."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from etils import epath

from timesuite_jax.data.corpora.bad_spans import OnBadSpan
from timesuite_jax.data.corpora.corpus import INFO_NAME, CorpusInfo, write_json
from timesuite_jax.data.corpora.record import SCHEMA_VERSION
from timesuite_jax.data.corpora.rejected import Rejected
from timesuite_jax.data.corpora.shard import ShardSummary
from timesuite_jax.data.corpora.tfds_files import write_tfds_files
from timesuite_jax.errors import UserError


def write_info(
    folder: epath.Path,
    name: str,
    shards: Sequence[ShardSummary],
    *,
    on_bad_span: OnBadSpan = "reject",
    rejected: Sequence[Rejected] = (),
    source: str = "",
    classes: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
) -> CorpusInfo:
    """Writes the info file of complete shards, which makes a folder a corpus.

    Args:
      folder: of the shards.
      name: of the corpus.
      shards: all of them, in order.
      on_bad_span: what was done about spans that do not fit their video.
      rejected: samples that were rejected besides those of the shards.
      source: name of the source of the annotations; that of the corpus if empty.
      classes: names of the classes that records' labels number.
      settings: what the bytes of the corpus depend on.

    Raises:
      UserError: there is no record, or the file cannot be written.
    """
    tasks: Counter[str] = Counter()
    for shard in shards:
        tasks.update(shard.tasks)
    left_out = sorted([*rejected, *(one for shard in shards for one in shard.rejected)], key=_number)
    bad_spans = sorted((one for shard in shards for one in shard.bad_spans), key=_number)
    if not sum(tasks.values()):
        reasons = "; ".join(f"{r.source or r.id}: {r.reason}" for r in left_out[:3])
        raise UserError(f"corpus {name} would be empty: every sample was rejected ({reasons or 'none given'})")
    info = CorpusInfo(
        name=name,
        schema=SCHEMA_VERSION,
        shards=tuple(shard.name for shard in shards),
        records=tuple(shard.records for shard in shards),
        bytes=tuple(shard.bytes for shard in shards),
        checksums=tuple(shard.checksum for shard in shards),
        tasks=dict(sorted(tasks.items())),
        seconds=round(sum(shard.seconds for shard in shards), 3),
        counts=_count(source or name, tasks, left_out),
        settings=dict(settings or {}),
        quarantine=tuple(left_out),
        bad_spans=tuple(bad_spans),
        on_bad_span=on_bad_span,
        audio_kept=tuple(name for shard in shards for name in shard.audio_kept),
        classes=tuple(classes),
    )
    write_tfds_files(folder, name, shards)
    write_json(folder / INFO_NAME, asdict(info))  # the last file, which makes a folder a corpus
    return info


def _count(source: str, tasks: Mapping[str, int], rejected: Iterable[Rejected]) -> tuple[dict[str, Any], ...]:
    """Counts records, and rejected samples by the kind of reason, for each task of a source."""
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for one in rejected:
        kinds[one.task][one.kind] += 1
    return tuple(
        {
            "source": source,
            "task": task,
            "records": tasks.get(task, 0),
            "rejected": dict(sorted(kinds[task].items())),
        }
        for task in sorted({*tasks, *kinds})
    )


def _number(one: Any) -> tuple[str, int, str]:
    """Sorts ids by the number of the annotation."""
    prefix, _, number = one.id.rpartition("/")
    return (prefix, int(number), "") if number.isdigit() else (prefix, -1, number)

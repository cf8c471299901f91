"""Builds a corpus from annotations and a folder of videos.

Every video is decoded before it is accepted. One that cannot be decoded goes to the quarantine list with the reason; it
is never replaced by another (the original substitutes a random video under the same question). Annotated spans are
compared with the video (see `bad_spans`).
"""

import functools
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from etils import epath

from timesuite_jax.data.corpora.build_spec import BuildSpec
from timesuite_jax.data.corpora.corpus import CorpusInfo, CorpusWriter, Rejected
from timesuite_jax.data.corpora.make_record import Made, make_records
from timesuite_jax.data.corpora.record import Record
from timesuite_jax.data.timepro import Annotation, read_annotations
from timesuite_jax.errors import UserError
from timesuite_jax.progress import track
from timesuite_jax.storage.remote_path import to_path


def build_corpus(
    annotations: str | Path, videos: epath.PathLike, out: str | Path, spec: BuildSpec, *, quiet: bool = False
) -> CorpusInfo:
    """Builds the corpus folder `out`.

    Args:
      annotations: JSON file (see `timesuite_jax.data.timepro.annotations`).
      videos: folder that the paths in it are relative to.
      out: folder to create.
      spec: how the corpus is stored.
      quiet: show no progress bar.

    Raises:
      UserError: the annotations are wrong, a folder cannot be used, or no video can.
    """
    entries = read_annotations(annotations, spec.task)
    if not to_path(videos).is_dir():
        raise UserError(
            f"there is no folder of videos {videos}; give the folder that the paths in {annotations} are relative to"
        )
    writer = CorpusWriter(out, spec.corpus, on_bad_span=spec.on_bad_span)
    # Successive questions about one video decode it once.
    groups = [list(group) for _, group in itertools.groupby(entries, lambda entry: (entry.video, entry.clip))]
    make = functools.partial(make_records, root=to_path(videos), spec=spec)
    made = itertools.chain.from_iterable(_ordered_map(make, groups, spec.threads))
    results = iter(track(made, f"building {spec.corpus}", len(entries), quiet=quiet))
    sizes = [len(part) for part in np.array_split(np.arange(len(entries)), min(spec.shards, len(entries)))]
    return writer.write([_accepted(results, size, writer) for size in sizes])


def _accepted(results: Iterator[Made], count: int, writer: CorpusWriter) -> Iterator[Record]:
    """Yields the records among the next `count` results, and rejects the others."""
    for result in itertools.islice(results, count):
        writer.report_bad_spans(result.bad_spans)
        if isinstance(result.record, Rejected):
            writer.reject(result.record)
        else:
            yield result.record


def _ordered_map(
    function: Callable[[Sequence[Annotation]], list[Made]], items: Sequence[Sequence[Annotation]], threads: int
) -> Iterable[list[Made]]:
    """Maps in threads, in order, a few items ahead: memory holds a handful of videos, not all."""
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque = deque()
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

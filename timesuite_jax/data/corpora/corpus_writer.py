"""Writes a corpus of given records."""

from collections.abc import Iterable, Iterator, Sequence

from etils import epath

from timesuite_jax.data.corpora.bad_spans import OnBadSpan
from timesuite_jax.data.corpora.build_video import BuiltRecord, BuiltVideo
from timesuite_jax.data.corpora.corpus import CorpusInfo, check_name, check_no_corpus
from timesuite_jax.data.corpora.manifest import write_info
from timesuite_jax.data.corpora.record import Record, encode_record, example_class
from timesuite_jax.data.corpora.rejected import Rejected
from timesuite_jax.data.corpora.shard import write_shard
from timesuite_jax.data.corpora.shared_media import SharedMedia
from timesuite_jax.data.corpora.tfrecord import shard_name
from timesuite_jax.storage.remote_path import to_path


class CorpusWriter:
    """Writes records into shards, and the info file.

    Args:
      folder: created if absent; must not hold a corpus.
      name: of the corpus and of its files.
      on_bad_span: what was done about spans that do not fit their video.
      classes: names of the classes that records' labels number.

    Raises:
      UserError: the folder holds a corpus, or the name cannot be part of a file name.
    """

    def __init__(
        self, folder: epath.PathLike, name: str, *, on_bad_span: OnBadSpan = "reject", classes: Sequence[str] = ()
    ):
        self.folder, self.name = to_path(folder), name
        self._on_bad_span: OnBadSpan = on_bad_span
        self._classes = tuple(classes)
        check_name(name)
        check_no_corpus(self.folder)
        example_class()  # imported here, before callers start threads
        self._rejected: list[Rejected] = []
        self._media = SharedMedia()

    def reject(self, rejected: Rejected) -> None:
        """Adds a sample to the quarantine list."""
        self._rejected.append(rejected)

    def write(self, shards: Sequence[Iterable[Record]]) -> CorpusInfo:
        """Writes one shard after the other, and the info file; reads each shard's records while writing it.

        A video, or the same frames, of several records are stored in the first of them.

        Raises:
          UserError: the folder cannot be written, or there is no record at all.
        """
        summaries, count = [], 0
        for number, records in enumerate(shards):
            path = self.folder / shard_name(self.name, number, len(shards))
            summaries.append(write_shard(path, self._serialise(records, count)))
            count += summaries[-1].records
        return write_info(
            self.folder,
            self.name,
            summaries,
            on_bad_span=self._on_bad_span,
            rejected=self._rejected,
            classes=self._classes,
        )

    def _serialise(self, records: Iterable[Record], first: int) -> Iterator[BuiltVideo]:
        for number, record in enumerate(records, first):
            stored = self._media.store_once(record, number)
            seconds = 0.0 if stored.media_record is not None else record.duration
            yield BuiltVideo((BuiltRecord(encode_record(stored, number), record.task, seconds),))

"""Corpora of records: the record and its TFRecord files, corpus folders, mixtures, streams, building and auditing."""

from typing import TYPE_CHECKING, Any

from timesuite_jax.data.corpora.audit import AuditReport, audit
from timesuite_jax.data.corpora.build import build_corpus
from timesuite_jax.data.corpora.build_spec import BuildSpec
from timesuite_jax.data.corpora.corpus import CorpusInfo, open_corpus, read_info
from timesuite_jax.data.corpora.corpus_shares import CorpusShare, corpus_shares
from timesuite_jax.data.corpora.corpus_stats import CorpusStats
from timesuite_jax.data.corpora.corpus_writer import CorpusWriter
from timesuite_jax.data.corpora.mixture import Mixture
from timesuite_jax.data.corpora.record import Record, decode_record, encode_record
from timesuite_jax.data.corpora.record_reader import read_record, read_without_media
from timesuite_jax.data.corpora.rejected import Rejected
from timesuite_jax.data.corpora.sample import Batch, Dropped
from timesuite_jax.data.corpora.tfrecord import CorruptRecordError, TFRecordSource, TFRecordWriter
from timesuite_jax.data.corpora.token_use import TokenUse

if TYPE_CHECKING:
    from timesuite_jax.data.corpora.stream import RecordStream, StreamSpec

__all__ = [
    "AuditReport",
    "Batch",
    "BuildSpec",
    "CorpusInfo",
    "CorpusShare",
    "CorpusStats",
    "CorpusWriter",
    "CorruptRecordError",
    "Dropped",
    "Mixture",
    "Record",
    "RecordStream",
    "Rejected",
    "StreamSpec",
    "TFRecordSource",
    "TFRecordWriter",
    "TokenUse",
    "audit",
    "build_corpus",
    "corpus_shares",
    "decode_record",
    "encode_record",
    "open_corpus",
    "read_info",
    "read_record",
    "read_without_media",
]


def __getattr__(name: str) -> Any:
    """Imports streams on first use: they bring JAX, which processes that decode videos do without."""
    if name in ("RecordStream", "StreamSpec"):
        from timesuite_jax.data.corpora import stream

        return getattr(stream, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

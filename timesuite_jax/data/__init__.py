"""Corpora and the way from them to batches.

TFRecord files with random access (`tfrecord`), what stands in a record (`record`) and in a corpus folder (`corpus`),
builders from TimePro annotations (`timepro`, `build`) and of synthetic films (`synthetic`), the check of all that
(`audit`), and the training stream: mixture, samples, batches, position (`mixture`, `sample`, `batch`, `pipeline`).
For recommendation: logs (`interaction_log`, `log_fields`), who took which items (`interactions`; from elsewhere,
`released_interactions`, `synthetic_interactions`), those as arrays (`histories`), laid into rows without padding
(`packing`), and the stream of them (`user_stream`).
"""

from timesuite_jax.data.audit import AuditReport, audit
from timesuite_jax.data.build import BuildSpec, build_corpus
from timesuite_jax.data.corpus import CorpusInfo, CorpusWriter, Rejected, open_corpus, read_info
from timesuite_jax.data.mixture import CorpusShare, Mixture, corpus_shares
from timesuite_jax.data.record import Record, decode_record, encode_record
from timesuite_jax.data.synthetic import SyntheticCorpusSpec, all_texts, make_corpus, make_tokenizer
from timesuite_jax.data.synthetic_video import SyntheticSpec, make_video
from timesuite_jax.data.tfrecord import CorruptRecordError, TFRecordSource, TFRecordWriter
from timesuite_jax.data.timepro import TASKS, Annotation, read_annotations

__all__ = [
    "TASKS",
    "Annotation",
    "AuditReport",
    "BuildSpec",
    "CorpusInfo",
    "CorpusShare",
    "CorpusWriter",
    "CorruptRecordError",
    "Mixture",
    "Record",
    "Rejected",
    "SyntheticCorpusSpec",
    "SyntheticSpec",
    "TFRecordSource",
    "TFRecordWriter",
    "all_texts",
    "audit",
    "build_corpus",
    "corpus_shares",
    "decode_record",
    "encode_record",
    "make_corpus",
    "make_tokenizer",
    "make_video",
    "open_corpus",
    "read_annotations",
    "read_info",
]

"""Corpora and the way from them to batches.

TFRecord files with random access (`tfrecord`), what stands in a record (`record`) and in a corpus folder (`corpus`),
builders from TimePro annotations (`timepro`, `build`) and of synthetic films (`synthetic`), the check of all that
(`audit`), and the training stream: mixture, samples, batches, position (`mixture`, `sample`, `batch`, `pipeline`).
For recommendation: logs (`interaction_log`, `log_fields`), who took which items (`interactions`; from elsewhere,
`released_interactions`, `synthetic_interactions`), those as arrays (`histories`), laid into rows without padding
(`packing`), and the stream of them (`user_stream`).
"""

from timesuite_jax.data.audit import AuditReport, audit
from timesuite_jax.data.batch import Batch, Sample, collate
from timesuite_jax.data.build import BuildSpec, build_corpus
from timesuite_jax.data.corpus import CorpusInfo, CorpusWriter, Rejected, open_corpus, read_info
from timesuite_jax.data.histories import (
    Split,
    Transitions,
    count_transitions,
    epoch_orders,
    evaluation_inputs,
    seen_items,
    training_histories,
    training_pairs,
)
from timesuite_jax.data.history_file import Histories, read_histories
from timesuite_jax.data.interaction_log import InteractionLog, k_core, leave_one_out, read_log
from timesuite_jax.data.interactions import Interactions, describe
from timesuite_jax.data.item_features import ItemFeatures, principal_axes, read_features
from timesuite_jax.data.mixture import CorpusShare, Mixture, corpus_shares
from timesuite_jax.data.packing import Packing, pack
from timesuite_jax.data.pipeline import PipelineSpec, TrainStream
from timesuite_jax.data.record import Record, decode_record, encode_record
from timesuite_jax.data.released_interactions import read_released
from timesuite_jax.data.sample import Preparer, SampleSpec, Turns, Visual
from timesuite_jax.data.synthetic import SyntheticCorpusSpec, all_texts, make_corpus, make_tokenizer
from timesuite_jax.data.synthetic_interactions import SyntheticInteractionsSpec, make_interactions
from timesuite_jax.data.synthetic_video import SyntheticSpec, make_video
from timesuite_jax.data.tfrecord import CorruptRecordError, TFRecordSource, TFRecordWriter
from timesuite_jax.data.timepro import TASKS, Annotation, read_annotations
from timesuite_jax.data.user_stream import UserStream

__all__ = [
    "TASKS",
    "Annotation",
    "AuditReport",
    "Batch",
    "BuildSpec",
    "CorpusInfo",
    "CorpusShare",
    "CorpusWriter",
    "CorruptRecordError",
    "Histories",
    "InteractionLog",
    "Interactions",
    "ItemFeatures",
    "Mixture",
    "Packing",
    "PipelineSpec",
    "Preparer",
    "Record",
    "Rejected",
    "Sample",
    "SampleSpec",
    "Split",
    "SyntheticCorpusSpec",
    "SyntheticInteractionsSpec",
    "SyntheticSpec",
    "TFRecordSource",
    "TFRecordWriter",
    "TrainStream",
    "Transitions",
    "Turns",
    "UserStream",
    "Visual",
    "all_texts",
    "audit",
    "build_corpus",
    "collate",
    "corpus_shares",
    "count_transitions",
    "decode_record",
    "describe",
    "encode_record",
    "epoch_orders",
    "evaluation_inputs",
    "k_core",
    "leave_one_out",
    "make_corpus",
    "make_interactions",
    "make_tokenizer",
    "make_video",
    "open_corpus",
    "pack",
    "principal_axes",
    "read_annotations",
    "read_features",
    "read_histories",
    "read_info",
    "read_log",
    "read_released",
    "seen_items",
    "training_histories",
    "training_pairs",
]

"""Text models: BERT, the Q-Former, Mistral and its key-value cache."""

from timesuite_jax.models.text.bert import Bert
from timesuite_jax.models.text.bert_spec import BertSpec
from timesuite_jax.models.text.fusion_bert import FusionBert
from timesuite_jax.models.text.kv_cache import KVCache
from timesuite_jax.models.text.mistral import Mistral
from timesuite_jax.models.text.mistral_spec import MistralSpec
from timesuite_jax.models.text.qformer import QFormer
from timesuite_jax.models.text.qformer_spec import QFormerSpec
from timesuite_jax.models.text.word_head import WordHead

__all__ = ["Bert", "BertSpec", "FusionBert", "KVCache", "Mistral", "MistralSpec", "QFormer", "QFormerSpec", "WordHead"]

"""Text models: BERT, the Q-Former, Mistral and its key-value cache."""

from timesuite_jax.models.text.bert import Bert
from timesuite_jax.models.text.bert_spec import BertSpec
from timesuite_jax.models.text.kv_cache import KVCache
from timesuite_jax.models.text.mistral import Mistral
from timesuite_jax.models.text.mistral_spec import MistralSpec
from timesuite_jax.models.text.qformer import QFormer
from timesuite_jax.models.text.qformer_spec import QFormerSpec

__all__ = ["Bert", "BertSpec", "KVCache", "Mistral", "MistralSpec", "QFormer", "QFormerSpec"]

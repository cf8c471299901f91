"""Encodes sentences with a BERT: the mean of the outputs of all tokens, normalised (arXiv:1908.10084)."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from timesuite_jax.errors import UserError
from timesuite_jax.layers import unbox
from timesuite_jax.models.text import Bert, BertSpec
from timesuite_jax.port import load_into, open_layers
from timesuite_jax.port.bert import PORT
from timesuite_jax.text import Tokenizer, load_clip_tokenizer

_BATCH, _LENGTH_STEP = 32, 32  # texts a batch; tokens, of which a batch has a multiple: few shapes are compiled
# Field of the spec -> key of Hugging Face's config.json.
_KEYS = {
    "width": "hidden_size",
    "layers": "num_hidden_layers",
    "heads": "num_attention_heads",
    "hidden": "intermediate_size",
    "vocab": "vocab_size",
    "positions": "max_position_embeddings",
    "token_types": "type_vocab_size",
}
_FIXED = {"model_type": "bert", "hidden_act": "gelu", "position_embedding_type": "absolute", "layer_norm_eps": 1e-12}


class SentenceEncoder:
    """Encodes texts as vectors of length 1, whose products are cosine similarities.

    Args:
      spec: sizes of the encoder.
      params: its parameters.
      tokenizer: of its vocabulary.
      max_tokens: longer texts are cut.
    """

    def __init__(self, spec: BertSpec, params: Any, tokenizer: Tokenizer, max_tokens: int) -> None:
        self._params, self._tokenizer, self._max_tokens = params, tokenizer, max_tokens
        self._width = spec.width
        model = Bert(spec)

        @jax.jit
        def encode(params: Any, text: Int[Array, "n P"], mask: Bool[Array, "n P"]) -> Float[Array, "n D"]:
            tokens = model.apply({"params": params}, text, mask)
            assert isinstance(tokens, jax.Array)
            return _normalised_mean(tokens, mask)

        self._encode = encode

    @classmethod
    def from_folder(cls, folder: Path) -> "SentenceEncoder":
        """Loads an encoder in the layout of sentence-transformers: weights, `config.json` and vocabulary of a BERT.

        Raises:
          UserError: a file is missing or damaged, or it is another kind of model.
        """
        config = _read_json(folder / "config.json")
        for key, value in _FIXED.items():
            if config.get(key, value) != value:
                raise UserError(
                    f"{folder}/config.json has {key}={config[key]!r}, not {value!r}; give an encoder of BERT"
                )
        if missing := [key for key in _KEYS.values() if not isinstance(config.get(key), int)]:
            raise UserError(f"{folder}/config.json has no {', '.join(missing)}; download the folder again")
        spec = BertSpec(**{field: config[key] for field, key in _KEYS.items()})
        limit = folder / "sentence_bert_config.json"
        max_tokens = _read_json(limit).get("max_seq_length") if limit.is_file() else None
        if not isinstance(max_tokens, int) or not 2 <= max_tokens <= spec.positions:
            max_tokens = spec.positions
        one = jax.ShapeDtypeStruct((1, 1), jnp.int32), jax.ShapeDtypeStruct((1, 1), jnp.bool_)
        shapes = unbox(jax.eval_shape(Bert(spec).init, jax.random.key(0), *one))["params"]
        loaded = load_into(PORT, shapes, open_layers(PORT, [str(folder)]))
        return cls(spec, jax.device_put(loaded.params), load_clip_tokenizer(folder), max_tokens)

    def __call__(self, texts: Sequence[str]) -> Float[np.ndarray, "texts D"]:
        """Returns a vector for each text, which does not depend on the other texts."""
        ids = [self._ids(text) for text in texts]
        order = sorted(range(len(ids)), key=lambda number: len(ids[number]))  # little padding
        found: dict[int, np.ndarray] = {}
        for first in range(0, len(order), _BATCH):
            batch = order[first : first + _BATCH]
            length = min(-(-len(ids[batch[-1]]) // _LENGTH_STEP) * _LENGTH_STEP, self._max_tokens)
            text = np.full((_BATCH, length), self._tokenizer.special.pad, np.int32)
            mask = np.zeros((_BATCH, length), bool)
            for row, number in enumerate(batch):
                text[row, : len(ids[number])], mask[row, : len(ids[number])] = ids[number], True
            mask[len(batch) :, 0] = True  # a mean over no token is not a number
            found.update(zip(batch, np.asarray(self._encode(self._params, text, mask)), strict=False))
        return (
            np.stack([found[number] for number in range(len(ids))]) if ids else np.zeros((0, self._width), np.float32)
        )

    def similarity(self, queries: Sequence[str], texts: Sequence[str]) -> Float[np.ndarray, "queries texts"]:
        """Returns the cosine similarity of each query with each text."""
        vectors = self([*queries, *texts])
        return vectors[: len(queries)] @ vectors[len(queries) :].T

    def _ids(self, text: str) -> list[int]:
        special = self._tokenizer.special
        return [special.bos, *self._tokenizer.encode(text)[: self._max_tokens - 2], special.eos]


def _normalised_mean(tokens: Float[Array, "n P D"], mask: Bool[Array, "n P"]) -> Float[Array, "n D"]:
    """The mean of the tokens where the mask is True, divided by its length."""
    weights = mask.astype(jnp.float32)
    mean = jnp.einsum("npd,np->nd", tokens, weights) / jnp.sum(weights, axis=1, keepdims=True)
    return mean / jnp.maximum(jnp.linalg.norm(mean, axis=1, keepdims=True), 1e-12)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path} is not readable as JSON ({error}); give the folder of a sentence encoder") from error
    if not isinstance(content, dict):
        raise UserError(f"{path} is not a JSON object; give the folder of a sentence encoder")
    return content

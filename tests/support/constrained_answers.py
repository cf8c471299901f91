"""Constrained answers of a language model with random logits."""

import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from tests.support.random_language_model import RandomLanguageModel
from timesuite_jax.generation import GenerationSpec, decode
from timesuite_jax.generation.constraint import Constraint, constraint
from timesuite_jax.generation.decoding import Generated
from timesuite_jax.generation.grammar.tables import Tables, compile_grammar
from timesuite_jax.models.text import MistralSpec
from timesuite_jax.text import Tokenizer
from timesuite_jax.text.token_texts import token_texts
from timesuite_jax.videochat_t.answering.answer_forms import answer_graph


class RandomAnswers:
    """A tokenizer with its grammar and a model; `rows` answers at a time, of at most `new` tokens."""

    def __init__(self, tokenizer: Tokenizer, *, rows: int, new: int):
        self.tokenizer, self.rows, self.new = tokenizer, rows, new
        self.tables: Tables = compile_grammar(
            answer_graph(), token_texts(tokenizer), (tokenizer.special.eos,), tokenizer.vocab_size
        )

    def generate(
        self,
        forms: Sequence[str],
        durations: Sequence[float],
        seed: int,
        scale: float = 5.0,
        script: Sequence[Sequence[int]] = (),
    ) -> Generated:
        """Generates one answer for each form and duration; the model prefers the tokens of the script."""
        of = constraint(self.tables, forms, durations, self.new)
        special = self.tokenizer.special
        spec = GenerationSpec(self.new, stop_tokens=(special.eos,), pad_token=special.pad)
        preferred = np.full((len(forms), self.new), -1, np.int32)
        for row, tokens in enumerate(script):
            preferred[row, : len(tokens)] = tokens
        params = {"key": jax.random.key(seed), "scale": scale, "script": preferred}
        return jax.device_get(_run(self.tokenizer.vocab_size, len(forms), spec, params, of))

    def texts(self, out: Generated) -> list[str]:
        """The answers as text."""
        rows = zip(np.asarray(out.tokens), np.asarray(out.lengths), strict=True)
        return [self.tokenizer.decode(row[:length].tolist()).strip() for row, length in rows]


@functools.partial(jax.jit, static_argnums=(0, 1, 2))
def _run(vocab: int, rows: int, spec: GenerationSpec, params: dict, of: Constraint) -> Generated:
    model = RandomLanguageModel(MistralSpec.from_variant("debug", vocab=vocab))
    first, _ = model.apply({"params": params}, jnp.zeros((rows, 1, 1)), jnp.zeros((rows, 1), jnp.int32))
    logits = model.apply({"params": params}, first, method="logits")[:, 0]
    cache = model.empty_cache(rows, spec.max_new_tokens)
    ones = jnp.ones(rows, jnp.int32)
    return decode(model, params, logits, ones, cache, spec, jax.random.key(0), of)

"""`Answerer`: a batch of prompts -> answers as text."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, cast

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Shaped

from timesuite_jax import parallel
from timesuite_jax.generation import GenerationSpec, continue_once, generate, prefill
from timesuite_jax.generation.constraint import Constraint
from timesuite_jax.generation.decoding import Generated
from timesuite_jax.models.text import Mistral
from timesuite_jax.text import StableText, Tokenizer
from timesuite_jax.training import Call
from timesuite_jax.videochat_t.answering.answer_grammar import (
    AnswerConfidence,
    AnswerGrammar,
    AnswerLimits,
    AnswerRequest,
)
from timesuite_jax.videochat_t.answering.answer_text import upstream_answer_text
from timesuite_jax.videochat_t.answering.encoded_video import (
    EncodedVideo,
    continue_answer,
    encode_video,
    start_answer,
)
from timesuite_jax.videochat_t.answering.placement import INPUTS, choose_places, count_processes, fetch, place_inputs
from timesuite_jax.videochat_t.data.token_row import TokenRow
from timesuite_jax.videochat_t.model.videochat_t import VideoChatT

_STREAMED = 8  # tokens between two looks at an answer that is being generated


class Reply(NamedTuple):
    """An answer: its text, the numbers of tokens of prompt and answer, and whether it ended by itself.

    `confidence` is empty if the answer was not constrained.
    """

    text: str
    prompt_tokens: int
    answer_tokens: int
    ended: bool
    confidence: AnswerConfidence = AnswerConfidence()


class Answerer:
    """VideoChat-T with its parameters and tokenizer, ready to answer batches of prompts."""

    def __init__(
        self,
        model: VideoChatT,
        params: Mapping[str, Any],
        tokenizer: Tokenizer,
        *,
        max_new_tokens: int = 64,
        temperature: float = 0.0,
        top_p: float = 1.0,
        seed: int = 0,
        upstream_text: bool = False,
    ) -> None:
        """Sets up decoding.

        Args:
          model: the model.
          params: all parameters of the model.
          tokenizer: of the language model; its end-of-sequence token ends an answer.
          max_new_tokens: maximum length of an answer.
          temperature: of sampling; 0 decodes greedily.
          top_p: probability mass that tokens are sampled from (nucleus sampling).
          seed: of sampling; unused when decoding greedily.
          upstream_text: keep special tokens and outer white space, as `upstream_answer_text`; False removes both.
        """
        self._params, self._tokenizer = params, tokenizer
        special = tokenizer.special
        self._spec = GenerationSpec(
            max_new_tokens,
            stop_tokens=(special.eos,),
            temperature=temperature,
            top_p=top_p,
            pad_token=special.pad,
        )
        self._model, self._language_model = model, Mistral(model.spec.mistral)
        self._seed, self._rng = seed, jax.random.key(seed)
        self._upstream_text = upstream_text

    @property
    def settings(self) -> dict[str, Any]:
        """What decides an answer beside weights and prompt, as JSON values."""
        spec = self._spec
        draws = {"temperature": spec.temperature, "top_p": spec.top_p, "seed": self._seed}
        decoding = draws if spec.temperature else {"decoding": "greedy"}
        return {
            "max_new_tokens": spec.max_new_tokens,
            **self.input_settings,
            **decoding,
            "upstream_text": self._upstream_text,
        }

    @property
    def input_settings(self) -> dict[str, Any]:
        """What decides the model's inputs beside the prompt, as JSON values."""
        model = self._model.spec
        return {"bos": model.bos, "pixel_mean": model.vision.pixel_mean, "pixel_std": model.vision.pixel_std}

    def __call__(self, batch: Mapping[str, Shaped[Array | np.ndarray, "B ..."]]) -> list[str]:
        """Answers a batch of prompts.

        With several processes each passes, and gets answers for, the rows of its own devices. A batch that the devices
        do not divide, such as one prompt, must be the same in all processes, which answer it together.

        Args:
          batch: fields of the batch contract; `loss_mask` is not needed.

        Returns:
          The text of each row's answer, without the end token.

        Raises:
          UserError: the devices do not divide the batch, and it differs between processes.
        """
        return [text for text, _ in self._generate(batch)]

    def constrained(
        self,
        batch: Mapping[str, Shaped[Array | np.ndarray, "B ..."]],
        grammar: AnswerGrammar,
        requests: Sequence[AnswerRequest],
    ) -> list[tuple[str, AnswerConfidence]]:
        """Answers a batch of prompts, each in the form that is requested; the texts are never cut short.

        Args:
          batch: as in `__call__`.
          grammar: of the tokenizer.
          requests: of each row.

        Raises:
          UserError: as `__call__`; or the tokenizer cannot write answers of a form, or they have too few tokens.
        """
        limits = grammar.constraint(requests, self._spec.max_new_tokens)
        found = self._generate(batch, limits)
        return [(text, grammar.confidence(*columns)) for text, columns in found]

    def _generate(
        self, batch: Mapping[str, Shaped[Array | np.ndarray, "B ..."]], limits: Constraint | None = None
    ) -> list[tuple[str, tuple[Any, ...]]]:
        """Text of each row's answer, with its tokens and what is recorded of each of them."""
        places = choose_places(self._model, batch, count_processes())
        inputs = place_inputs(batch, places)
        if places.rows is not None and limits is not None:
            rows = parallel.put_batch({"node": np.asarray(limits.node), "last": np.asarray(limits.last)}, places.rows)
            limits = limits.replace(**rows)  # pyright: ignore[reportAttributeAccessIssue]
        embeds = _embed(self._model, self._params, inputs)
        language_params = self._params["mistral"]
        out = generate(self._language_model, language_params, embeds, inputs["valid"], self._spec, self._rng, limits)
        generated = out.tokens, out.lengths, out.stopped, *_recorded(out)
        tokens, lengths, stopped, *columns = (
            parallel.local_rows(generated, places.rows) if places.rows is not None else fetch(generated)
        )
        # The end token, if there is one, is not part of the answer.
        ends = lengths - stopped.astype(lengths.dtype)
        answers = [row[:end].tolist() for row, end in zip(tokens, ends, strict=True)]
        return [(self._text(ids), (ids, *(column[row] for column in columns))) for row, ids in enumerate(answers)]

    @property
    def weights(self) -> list[Any]:
        """All parameters of the model, the same objects as long as they do not change."""
        return jax.tree.leaves(self._params)

    def encode(self, batch: Mapping[str, Shaped[np.ndarray, "B ..."]], row: TokenRow) -> EncodedVideo:
        """Encodes the video of a batch of one prompt, for any number of questions; all processes pass the same one.

        Args:
          batch: as in `__call__`.
          row: the prompt.

        Raises:
          UserError: processes passed different videos.
        """
        return encode_video(self._model, self._params, place_inputs(batch, choose_places(self._model, batch)), row)

    def reply(
        self,
        encoded: EncodedVideo,
        row: TokenRow,
        *,
        limit: int | None = None,
        seed: int | None = None,
        on_text: Callable[[str], None] | None = None,
        limits: AnswerLimits | None = None,
    ) -> Reply:
        """Answers a prompt about an encoded video.

        Args:
          encoded: the video.
          row: the prompt.
          limit: number of tokens after which the answer is cut short; `max_new_tokens` if not given.
          seed: of sampling; that of the constructor if not given.
          on_text: called with the answer so far, whenever there are more words of it.
          limits: form of the answer; any text if not given.

        Raises:
          UserError: the answer has too few tokens for its form.
        """
        rng = self._rng if seed is None else jax.random.key(seed)
        limit = self.token_limit(limit)
        constraint = None if limits is None else limits.grammar.constraint([limits.request], limit)
        state = start_answer(self._model, self._params, encoded, row, self._spec, rng, constraint)
        shown, until = StableText(self._tokenizer), 1 if on_text else limit
        while True:
            state = continue_answer(self._model, self._params, state, np.int32(until), spec=self._spec)
            tokens, lengths, stopped = fetch((state.out.tokens, state.out.lengths, state.out.stopped))
            length, ended = int(lengths[0]), bool(stopped[0])
            ids = tokens[0, : length - ended].tolist()
            if ended or length >= limit:
                confidence = AnswerConfidence()
                if limits is not None:
                    columns = (column[0] for column in fetch(_recorded(state.out)))
                    confidence = limits.grammar.confidence(ids, *columns)
                return Reply(self._text(ids), int(row.valid.sum()), length, ended, confidence)
            if on_text is not None:
                on_text(self._text(shown.stable_ids(ids)))
            until = min(until + _STREAMED, limit)

    def token_limit(self, limit: int | None) -> int:
        """Returns the maximum length of an answer: `max_new_tokens`, or a lower limit."""
        return min(limit or self._spec.max_new_tokens, self._spec.max_new_tokens)

    def _text(self, ids: list[int]) -> str:
        if self._upstream_text:
            return upstream_answer_text(self._tokenizer, ids)
        return self._tokenizer.decode(ids).strip()


def _recorded(out: Generated) -> tuple[Shaped[Array, "B new"], ...]:
    """What `AnswerGrammar.confidence` reads, of each token; empty if the answers were not constrained."""
    trace = out.trace
    return () if trace is None else (trace.nodes, out.logprobs, trace.allowed, trace.agreeing)


def _embed_prompt(model: VideoChatT, params: Mapping[str, Any], batch: Mapping[str, Array]) -> Float[Array, "B S D"]:
    """Pixels and tokens -> input embeddings of the language model."""
    return cast(tuple, model.apply({"params": params}, batch, method="embed_prompt"))[0]


# One for all answerers: each evaluation of a training makes its own.
_embed = jax.jit(_embed_prompt, static_argnames="model")


def answering_calls(
    model: VideoChatT, params: Mapping[str, Any], batch: Mapping[str, Shaped[np.ndarray, "B ..."]], max_new_tokens: int
) -> dict[str, Call]:
    """Returns the compiled calls of an `Answerer`: "encode", "prefill", and "decode" for each new token.

    Args:
      model: the model.
      params: abstract parameters.
      batch: prompts; only their shapes matter.
      max_new_tokens: positions of the cache after the prompt.

    On a mesh the batch has the sharding that an `Answerer` chooses.
    """
    language, sizes = Mistral(model.spec.mistral), model.spec.mistral
    rows, length = batch["tokens"].shape
    places = choose_places(model, batch)
    inputs = {name: jax.ShapeDtypeStruct(batch[name].shape, batch[name].dtype, sharding=places.rows) for name in INPUTS}
    if places.clips is not None:
        one = batch["frames"].shape[2:]
        inputs["frames"] = jax.ShapeDtypeStruct((places.filled, *one), np.uint8, sharding=places.clips)
    embeds = jax.ShapeDtypeStruct((rows, length, sizes.width), sizes.dtype)
    number = jax.ShapeDtypeStruct((rows,), jnp.int32)
    cache = jax.eval_shape(lambda: language.empty_cache(rows, length + max_new_tokens))
    read = jax.jit(functools.partial(prefill, language, spec=GenerationSpec(max_new_tokens)))
    # In the decoding loop the cache is updated in place.
    write = jax.jit(functools.partial(continue_once, language), donate_argnums=3)
    return {
        "encode": Call(jax.jit(functools.partial(_embed_prompt, model)), (params, inputs)),
        "prefill": Call(read, (params["mistral"], embeds, inputs["valid"])),
        "decode": Call(write, (params["mistral"], number, number, cache)),
    }

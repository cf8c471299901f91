"""`Answerer`: a batch of prompts -> answers as text."""

import functools
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

import jax
import jax.numpy as jnp
import numpy as np
from einops import rearrange
from jax.sharding import NamedSharding
from jaxtyping import Array, Float, Shaped

from timesuite_jax import parallel
from timesuite_jax.errors import UserError
from timesuite_jax.generation import GenerationSpec, continue_once, generate, prefill
from timesuite_jax.generation.constraint import Constraint
from timesuite_jax.layers import logical_sharding, num_shards
from timesuite_jax.models.text import Mistral
from timesuite_jax.text import Tokenizer
from timesuite_jax.training import Call
from timesuite_jax.videochat_t.answering.answer_grammar import AnswerConfidence, AnswerGrammar, AnswerRequest
from timesuite_jax.videochat_t.answering.answer_text import upstream_answer_text
from timesuite_jax.videochat_t.model.videochat_t import VideoChatT

# The fields that the model reads; a batch has more (sample names, masks of the loss).
_INPUTS = ("frames", "clip_text", "clip_text_mask", "tokens", "visual_slot", "valid")


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
        spec, model = self._spec, self._model.spec
        inputs = {"bos": model.bos, "pixel_mean": model.vision.pixel_mean, "pixel_std": model.vision.pixel_std}
        draws = {"temperature": spec.temperature, "top_p": spec.top_p, "seed": self._seed}
        decoding = draws if spec.temperature else {"decoding": "greedy"}
        return {"max_new_tokens": spec.max_new_tokens, **inputs, **decoding, "upstream_text": self._upstream_text}

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
        places = _places(self._model, batch, _processes())
        inputs: dict[str, Any] = {name: np.asarray(batch[name]) for name in _INPUTS}
        if places.rows is not None:
            inputs = parallel.put_batch(inputs, places.rows)
            if limits is not None:
                rows = parallel.put_batch({"node": limits.node, "last": limits.last}, places.rows)
                limits = limits.replace(**rows)  # pyright: ignore[reportAttributeAccessIssue]
        elif places.clips is not None:
            inputs["frames"] = _spread(inputs["frames"], places.clips, places.filled)
        embeds = _embed(self._model, self._params, inputs)
        language_params = self._params["mistral"]
        out = generate(self._language_model, language_params, embeds, inputs["valid"], self._spec, self._rng, limits)
        trace = () if out.trace is None else (out.trace.nodes, out.logprobs, out.trace.allowed, out.trace.agreeing)
        generated = out.tokens, out.lengths, out.stopped, *trace
        whole = logical_sharding()
        tokens, lengths, stopped, *columns = (
            jax.device_get(generated) if whole is None else parallel.local_rows(generated, places.rows or whole)
        )
        # The end token, if there is one, is not part of the answer.
        ends = lengths - stopped.astype(lengths.dtype)
        answers = [row[:end].tolist() for row, end in zip(tokens, ends, strict=True)]
        return [(self._text(ids), (ids, *(column[row] for column in columns))) for row, ids in enumerate(answers)]

    def _text(self, ids: list[int]) -> str:
        if self._upstream_text:
            return upstream_answer_text(self._tokenizer, ids)
        return self._tokenizer.decode(ids).strip()


class _Places(NamedTuple):
    """Sharding of a batch: by rows; by the clips of all rows, padded to `filled` clips; or none."""

    rows: NamedSharding | None = None
    clips: NamedSharding | None = None
    filled: int = 0


def _processes() -> int:
    """Number of processes that the rows of a batch are partitioned over."""
    rows = logical_sharding("batch")
    return 1 if rows is None else parallel.process_shard(rows).count


def _places(model: VideoChatT, batch: Mapping[str, Any], processes: int = 1) -> _Places:
    """Chooses the sharding: by rows if the mesh's devices divide them, otherwise by clips.

    By clips all devices encode one long video, and none of them holds all its pixels.

    Args:
      model: the model.
      batch: arrays or their shapes.
      processes: number of processes that each pass such a batch.
    """
    rows, (count, clips, frames) = logical_sharding("batch"), batch["frames"].shape[:3]
    if rows is None:
        return _Places()
    if count * processes % num_shards("batch") == 0:
        return _Places(rows)
    if clips == frames == 1 and model.spec.num_frames > 1:
        return _Places()  # images
    return _Places(clips=logical_sharding("clip"), filled=model.spec.group_clips(count * clips, num_shards("clip"))[1])


def _spread(
    frames: Shaped[np.ndarray, "B K F H W 3"], sharding: NamedSharding, filled: int
) -> Shaped[Array, "filled F H W 3"]:
    """Shards the clips of all rows, padded with zeros, over the devices; every process passes all clips.

    Raises:
      UserError: the clips differ between processes; raised in all of them.
    """
    clips = rearrange(frames, "B K ... -> (B K) ...")
    if jax.process_count() > 1 and len(set(parallel.allgather_strings([str(zlib.crc32(clips.tobytes()))]))) > 1:
        raise UserError(
            "processes passed different videos; pass the same prompts, or a multiple of the number of devices"
        )
    shape = (filled, *clips.shape[1:])

    def part(index: Any) -> Shaped[np.ndarray, "own F H W 3"]:
        first, last, _ = index[0].indices(filled)
        own = clips[first:last]
        return np.concatenate([own, np.zeros((last - first - len(own), *shape[1:]), clips.dtype)])

    return jax.make_array_from_callback(shape, sharding, part)


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
    places = _places(model, batch)
    inputs = {
        name: jax.ShapeDtypeStruct(batch[name].shape, batch[name].dtype, sharding=places.rows) for name in _INPUTS
    }
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

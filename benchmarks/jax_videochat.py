"""This project's side of the comparisons: the same sizes and weights, and the loss of training."""

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from safetensors.numpy import load_file
from workload import CLIP_FRAMES, MERGE, PRODUCTS, Shape, Sizes, make_batch, product_operands

from timesuite_jax import param_tree
from timesuite_jax.generation import GenerationSpec, generate
from timesuite_jax.layers import LoraSpec
from timesuite_jax.models.text import Mistral, MistralSpec
from timesuite_jax.models.text.qformer_spec import QFormerSpec
from timesuite_jax.models.vision.umt import UmtSpec
from timesuite_jax.objectives.next_token import answer_cross_entropy
from timesuite_jax.parallel import compiler_options
from timesuite_jax.videochat_t.model.spec import VideoChatTSpec
from timesuite_jax.videochat_t.model.videochat_t import VideoChatT
from timesuite_jax.videochat_t.port import table as table

ANSWER_CHUNK = 64  # answer positions whose logits are computed at a time
TRAINED = ("qformer", "query_tokens", "extra_query_tokens", "clip_proj", "merge_proj", "temp_adap")


def spec(sizes: Sizes, dtype: str = "float32", *, remat: bool = False) -> VideoChatTSpec:
    """Returns the spec of these sizes; `remat` selects the rematerialization of the configs of stages A and B."""
    vision = UmtSpec(
        image_size=sizes.image,
        patch_size=sizes.patch,
        width=sizes.vision_dim,
        depth=sizes.vision_blocks + 1,
        heads=sizes.vision_heads,
        position_table="native",
        dtype=dtype,
    )
    qformer = QFormerSpec(
        width=sizes.qformer_dim,
        layers=sizes.qformer_layers,
        heads=sizes.qformer_heads,
        hidden=sizes.qformer_mlp,
        vocab=sizes.bert_vocab,
        positions=sizes.bert_positions,
        queries=sizes.queries,
        extra_queries=sizes.extra_queries,
        dtype=dtype,
        remat="dots" if remat else "none",
    )
    mistral = MistralSpec(
        vocab=sizes.llm_vocab,
        width=sizes.llm_dim,
        mlp=sizes.llm_mlp,
        layers=sizes.llm_layers,
        heads=sizes.llm_heads,
        kv_heads=sizes.llm_kv_heads,
        head_width=sizes.llm_dim // sizes.llm_heads,
        lora=LoraSpec(sizes.lora_rank, sizes.lora_alpha),
        dtype=dtype,
        remat="full" if remat else "none",
    )
    return VideoChatTSpec(vision, qformer, mistral, num_frames=sizes.clips * CLIP_FRAMES, merge_len=MERGE)


def parameters(state_dict: Mapping[str, np.ndarray]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns trainable and frozen parameters from a state dict with upstream's names."""
    shapes = {name: array.shape for name, array in state_dict.items()}
    params = table.build(table.VideoChatTSizes.from_torch(shapes)).to_tree(state_dict)
    params.pop("mistral_proj", None)  # unused, in checkpoints only
    return param_tree.split(jax.device_put(params), lambda path: path[0] in TRAINED or path[-1].startswith("lora_"))


def loss(model: VideoChatT, trainable: Mapping, frozen: Mapping, batch: Mapping[str, jax.Array]) -> jax.Array:
    """Returns the mean cross-entropy of the answer tokens."""
    params = param_tree.merge(trainable, frozen)
    hidden, aux = model.apply({"params": params}, batch)
    total, count = summed_loss(model, params, batch, hidden, aux["head_input"])
    return total / count


def summed_loss(
    model: VideoChatT, params: Mapping, batch: Mapping[str, jax.Array], hidden: jax.Array, head_input: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Returns the summed cross-entropy of the answer tokens and their number.

    Args:
      model: of the hidden states.
      params: all parameters.
      batch: its tokens and loss mask, of shape [B, S].
      hidden: states [B, S, D].
      head_input: the states as LoRA of the head has them, with dropout.
    """
    total, count, _ = answer_cross_entropy(
        hidden[:, :-1],
        batch["tokens"][:, 1:],
        batch["loss_mask"][:, 1:],
        params["mistral"]["lm_head"],
        chunk=ANSWER_CHUNK,
        scaling=model.spec.mistral.lora.scaling,
        head_input=head_input[:, :-1],
    )
    return total, count


def tasks(
    weights: Path, sizes: Sizes, shape: Shape, dtype: str = "float32", remat: bool = True
) -> dict[str, Callable[[], Any]]:
    """Returns the measured tasks by name; each call runs one repetition and returns the values that are compared."""
    model = VideoChatT(spec(sizes, dtype, remat=remat))
    trainable, frozen = parameters(load_file(weights))
    frozen = jax.tree.map(lambda leaf: leaf.astype(dtype), frozen)
    batch = jax.device_put(make_batch(sizes, shape))
    forward = jax.jit(lambda *args: loss(model, *args))

    @functools.partial(jax.jit, compiler_options=compiler_options(jax.default_backend()))  # as in training
    def backward(*args: Any) -> tuple[jax.Array, Any, jax.Array]:
        value, grads = jax.value_and_grad(lambda *args: loss(model, *args))(*args)
        return value, grads, optax.tree.norm(grads)  # inside, since outside it would compile five programs per shape

    # The prompt is the batch without its answer.
    fields = ("tokens", "visual_slot", "valid")
    prompt = batch | {name: batch[name][:, : shape.length - shape.answer] for name in fields}
    embed = jax.jit(lambda params: model.apply({"params": params}, prompt, method="embed_prompt")[0])
    params = param_tree.merge(trainable, frozen)
    language = Mistral(model.spec.mistral)
    left, right = (jax.device_put(array) for array in product_operands())
    multiply = jax.jit(jnp.matmul)

    def training() -> tuple[float, float]:
        value, _, norm = jax.block_until_ready(backward(trainable, frozen, batch))
        return float(value), float(norm)

    def answer(embeds: jax.Array, tokens: int) -> list[list[int]]:
        generation = GenerationSpec(max_new_tokens=tokens, stop_tokens=())
        return generate(language, params["mistral"], embeds, prompt["valid"], generation).tokens.tolist()

    def product() -> None:
        jax.block_until_ready([multiply(left, right) for _ in range(PRODUCTS)])

    embedded = functools.cache(lambda: embed(params))  # lazy: training does not use it
    return {
        "forward": lambda: float(forward(trainable, frozen, batch)),
        "forward+backward": training,
        "prefill": lambda: answer(embedded(), 1),
        "generate": lambda: answer(embedded(), shape.new_tokens),
        "answer": lambda: answer(embed(params), shape.new_tokens),
        "product": product,
    }

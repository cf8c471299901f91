"""VideoChat-T (LinearProAda) in idiomatic PyTorch: the baseline of the speed comparisons.

Plain `torch.nn` modules with `F.scaled_dot_product_attention`, and `transformers`' Mistral with low-rank adapters.
Module names are upstream's (arXiv:2410.19702), so that `VideoChatT.upstream_state_dict()` is read by the same port
table as a released checkpoint and both sides compute with the same weights.

Nothing is slowed down on purpose, and nothing is taken from the JAX side: like upstream, it computes the Q-Former's
text rows in every layer and passes `labels` to the language model, which computes logits at every position.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch_language import mistral_with_adapters
from torch_qformer import QFormer
from torch_tape import TemporalAdapter
from torch_vision import VisionEncoder
from workload import MERGE, PRODUCTS, Shape, Sizes, make_batch, product_operands

TRAINABLE = ("qformer.", "query_tokens", "extra_query_tokens", "clip_proj.", "merge_proj.", "temp_adap.")
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class VideoChatT(nn.Module):
    """Computes the loss of the answers of a conversation about video clips with time texts."""

    def __init__(self, sizes: Sizes):
        super().__init__()
        self.sizes = sizes
        dim = sizes.qformer_dim
        self.vision_encoder = VisionEncoder(sizes)
        self.vision_layernorm = nn.LayerNorm(sizes.vision_dim, eps=1e-12)
        self.qformer = QFormer(sizes)
        self.query_tokens = nn.Parameter(torch.zeros(1, sizes.queries, dim))
        self.extra_query_tokens = nn.Parameter(torch.zeros(1, sizes.extra_queries, dim))
        self.clip_proj = nn.Linear(dim, dim)
        self.mistral_proj = nn.Linear(dim, sizes.llm_dim)  # of the parent model; unused, as upstream
        self.merge_proj = nn.Linear(MERGE * dim, sizes.llm_dim)
        self.temp_adap = TemporalAdapter(sizes)
        self.mistral_model = mistral_with_adapters(sizes)
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD), persistent=False)
        for name, parameter in self.named_parameters():
            parameter.requires_grad_(name.startswith(TRAINABLE) or "lora_" in name)

    def encode_video(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Returns the visual tokens [B, N, llm_dim] of the frames [B, K, F, H, W, 3]."""
        frames = batch["frames"]
        samples, clips = frames.shape[:2]
        pixels = (frames.flatten(0, 1).to(self.mean.dtype) / 255.0 - self.mean) / self.std
        vision = self.vision_encoder(pixels.permute(0, 4, 1, 2, 3))
        vision = self.vision_layernorm(vision)
        queries = torch.cat((self.query_tokens, self.extra_query_tokens), dim=1).expand(samples * clips, -1, -1)
        text, text_mask = batch["clip_text"].flatten(0, 1), batch["clip_text_mask"].flatten(0, 1)
        tokens = self.clip_proj(self.qformer(queries, text, text_mask, vision))
        tokens = tokens.reshape(samples, -1, tokens.shape[-1])
        merged = tokens.reshape(samples, tokens.shape[1] // MERGE, -1)
        return self.merge_proj(merged) + self.temp_adap(tokens)

    def input_embeddings(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Returns the language model's input [B, S, llm_dim]: text embeddings with the visual tokens inserted."""
        embeddings = self.mistral_model.get_input_embeddings()(batch["tokens"])
        visual = (batch["visual_slot"] >= 0)[..., None].expand_as(embeddings)
        return embeddings.masked_scatter(visual, self.encode_video(batch).to(embeddings.dtype))

    def forward(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Returns the mean cross-entropy of the answer tokens."""
        labels = batch["tokens"].masked_fill(~batch["loss_mask"], -100)
        embeddings = self.input_embeddings(batch)
        return self.mistral_model(inputs_embeds=embeddings, attention_mask=batch["valid"], labels=labels).loss

    def generate(self, embeddings: Tensor, tokens: int) -> Tensor:
        """Returns the greedy continuation [B, tokens] of an embedded prompt [B, S, llm_dim]."""
        return self.mistral_model.generate(
            inputs_embeds=embeddings,
            attention_mask=torch.ones(embeddings.shape[:2], dtype=torch.long, device=embeddings.device),
            do_sample=False,
            max_new_tokens=tokens,
            min_new_tokens=tokens,
            pad_token_id=2,
        )

    def upstream_names(self) -> list[str]:
        """Returns the names in a released checkpoint of the tensors of `state_dict`, in its order."""
        inner = "mistral_model.base_model.model."
        return [name.replace("mistral_model.", inner).replace(".base_layer.", ".") for name in self.state_dict()]

    def upstream_state_dict(self) -> dict[str, Tensor]:
        """Returns all weights under the names of a released checkpoint."""
        return dict(zip(self.upstream_names(), self.state_dict().values(), strict=True))


def build(sizes: Sizes, seed: int = 0) -> VideoChatT:
    """Returns a model with seeded non-zero weights, so that every module affects the compared values."""
    torch.manual_seed(seed)
    model = VideoChatT(sizes).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "embedding" in name or "embed_tokens" in name or "query_tokens" in name:
                parameter.normal_(0.0, 0.02)
            elif parameter.ndim > 1:
                parameter.normal_(0.0, parameter[0].numel() ** -0.5)
            elif name.endswith("bias"):
                parameter.normal_(0.0, 0.1)
            else:
                parameter.normal_(1.0, 0.1)
    return model


def to_torch(batch: Mapping[str, np.ndarray], device: str = "cpu") -> dict[str, Tensor]:
    """Returns the batch as tensors, with ids as int64, which PyTorch's embeddings and losses require."""
    tensors = {name: torch.from_numpy(array).to(device) for name, array in batch.items()}
    return {name: tensor.long() if tensor.dtype == torch.int32 else tensor for name, tensor in tensors.items()}


def tasks(
    weights: Path, sizes: Sizes, shape: Shape, dtype: str = "float32", device: str = "cpu"
) -> dict[str, Callable[[], Any]]:
    """Returns the measured tasks by name; each call runs one repetition and returns the values that are compared."""
    model = VideoChatT(sizes).eval()
    state = load_file(weights)
    names = zip(model.state_dict(), model.upstream_names(), strict=True)
    model.load_state_dict({own: state[upstream] for own, upstream in names})
    model.to(device)
    for parameter in model.parameters():
        if not parameter.requires_grad:
            parameter.data = parameter.data.to(getattr(torch, dtype))
    batch = to_torch(make_batch(sizes, shape), device)
    # The prompt is the batch without its answer.
    fields = ("tokens", "visual_slot", "valid")
    prompt = batch | {name: batch[name][:, : shape.length - shape.answer] for name in fields}
    left, right = (torch.from_numpy(array).to(device) for array in product_operands())
    mixed = torch.autocast(device, getattr(torch, dtype), enabled=dtype != "float32")

    def training() -> tuple[float, float]:
        model.zero_grad(set_to_none=True)
        with mixed:
            loss = model(batch)
        loss.backward()
        grads = [parameter.grad.norm() for parameter in model.parameters() if parameter.grad is not None]
        return loss.item(), torch.stack(grads).norm().item()

    @torch.no_grad()
    def forward() -> float:
        with mixed:
            return model(batch).item()

    @torch.no_grad()
    def embed() -> Tensor:
        with mixed:
            return model.input_embeddings(prompt)

    @torch.no_grad()
    def generate(embeddings: Tensor, tokens: int) -> list[list[int]]:
        with mixed:
            return model.generate(embeddings, tokens).tolist()

    def product() -> None:
        for _ in range(PRODUCTS):
            left @ right

    embedded = embed()
    return {
        "forward": forward,
        "forward+backward": training,
        "prefill": lambda: generate(embedded, 1),
        "generate": lambda: generate(embedded, shape.new_tokens),
        "answer": lambda: generate(embed(), shape.new_tokens),
        "product": product,
    }

"""VideoChat-T (LinearProAda) as a PyTorch user would write it: the other side of the speed comparisons.

Plain `torch.nn` modules, `F.scaled_dot_product_attention` everywhere, the language model is `transformers`'
MistralForCausalLM with low-rank adapters put around its linear layers as `peft` does. Module names are those of the
original (arXiv:2410.19702), so that `VideoChatT.upstream_state_dict()` goes through the same porting table as a
released checkpoint and both sides compute with the same weights.

Nothing here is made slow on purpose, and nothing is taken over from the JAX side: like the original it computes the
Q-Former's text rows in every layer and hands `labels` to the language model, which makes logits at every position.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import MistralConfig, MistralForCausalLM
from workload import CLIP_FRAMES, MERGE, PRODUCTS, Shape, Sizes, make_batch, product_operands

ADAPTED = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "lm_head")
TRAINABLE = ("qformer.", "query_tokens", "extra_query_tokens", "clip_proj.", "merge_proj.", "temp_adap.")
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
TABLE_FRAMES = 4  # frames of the checkpoint's position table, interpolated to CLIP_FRAMES


def position_table(tokens: int, dim: int) -> Tensor:
    """The fixed sinusoid table [tokens, dim]: sine in even channels, cosine in odd ones."""
    angle = np.arange(tokens)[:, None] / np.power(10000, 2 * (np.arange(dim)[None] // 2) / dim)
    table = np.where(np.arange(dim)[None] % 2 == 0, np.sin(angle), np.cos(angle))
    return torch.from_numpy(table).float()


class VisionAttention(nn.Module):
    def __init__(self, dim: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.q_bias = nn.Parameter(torch.zeros(dim))
        self.v_bias = nn.Parameter(torch.zeros(dim))
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        batch, tokens, dim = x.shape
        bias = torch.cat((self.q_bias, torch.zeros_like(self.v_bias), self.v_bias))
        qkv = F.linear(x, self.qkv.weight, bias)
        q, k, v = qkv.view(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, tokens, dim))


class Mlp(nn.Module):
    def __init__(self, dim: int, hidden: int):
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class VisionBlock(nn.Module):
    def __init__(self, dim: int, heads: int):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attn = VisionAttention(dim, heads)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = Mlp(dim, 4 * dim)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class VisionEncoder(nn.Module):
    def __init__(self, sizes: Sizes):
        super().__init__()
        dim, side = sizes.vision_dim, sizes.image // sizes.patch
        encoder = nn.Module()
        encoder.patch_embed = nn.Module()
        kernel = (1, sizes.patch, sizes.patch)
        encoder.patch_embed.proj = nn.Conv3d(3, dim, kernel_size=kernel, stride=kernel)
        encoder.blocks = nn.ModuleList(VisionBlock(dim, sizes.vision_heads) for _ in range(sizes.vision_blocks))
        self.encoder = encoder
        table = position_table(TABLE_FRAMES * side * side, dim).view(TABLE_FRAMES, side * side * dim)
        in_time = F.interpolate(table.T[None], size=CLIP_FRAMES, mode="linear", align_corners=False)
        self.register_buffer("positions", in_time[0].T.reshape(1, -1, dim), persistent=False)

    def forward(self, frames: Tensor) -> Tensor:  # [clips, 3, F, H, W]
        x = self.encoder.patch_embed.proj(frames).flatten(2).transpose(1, 2)
        x = x + self.positions.to(x.dtype)
        for block in self.encoder.blocks:
            x = block(x)
        return x


class BertSelfAttention(nn.Module):
    def __init__(self, dim: int, memory_dim: int, heads: int):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(dim, dim)
        self.key = nn.Linear(memory_dim, dim)
        self.value = nn.Linear(memory_dim, dim)

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor | None) -> Tensor:
        def heads(y: Tensor) -> Tensor:
            return y.view(*y.shape[:2], self.heads, -1).transpose(1, 2)

        q, k, v = heads(self.query(x)), heads(self.key(memory)), heads(self.value(memory))
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).reshape(x.shape)


class BertOutput(nn.Module):
    def __init__(self, width: int, dim: int):
        super().__init__()
        self.dense = nn.Linear(width, dim)
        self.LayerNorm = nn.LayerNorm(dim, eps=1e-12)

    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        return self.LayerNorm(self.dense(x) + residual)


class BertIntermediate(nn.Module):
    def __init__(self, dim: int, hidden: int):
        super().__init__()
        self.dense = nn.Linear(dim, hidden)

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(self.dense(x))


class BertAttention(nn.Module):
    def __init__(self, dim: int, memory_dim: int, heads: int):
        super().__init__()
        self.self = BertSelfAttention(dim, memory_dim, heads)
        self.output = BertOutput(dim, dim)

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.output(self.self(x, memory, mask), x)


class QFormerLayer(nn.Module):
    def __init__(self, sizes: Sizes, crosses: bool):
        super().__init__()
        dim, mlp = sizes.qformer_dim, sizes.qformer_mlp
        self.attention = BertAttention(dim, dim, sizes.qformer_heads)
        self.crossattention = BertAttention(dim, sizes.vision_dim, sizes.qformer_heads) if crosses else None
        self.intermediate, self.output = BertIntermediate(dim, mlp), BertOutput(mlp, dim)
        self.intermediate_query, self.output_query = BertIntermediate(dim, mlp), BertOutput(mlp, dim)

    def forward(self, x: Tensor, queries: int, mask: Tensor, vision: Tensor) -> Tensor:
        x = self.attention(x, x, mask)
        query, text = x[:, :queries], x[:, queries:]
        if self.crossattention is not None:
            query = self.crossattention(query, vision)
        query = self.output_query(self.intermediate_query(query), query)
        text = self.output(self.intermediate(text), text)
        return torch.cat((query, text), dim=1)


class QFormerEmbeddings(nn.Module):
    def __init__(self, sizes: Sizes):
        super().__init__()
        self.word_embeddings = nn.Embedding(sizes.bert_vocab, sizes.qformer_dim)
        self.position_embeddings = nn.Embedding(sizes.bert_positions, sizes.qformer_dim)
        self.LayerNorm = nn.LayerNorm(sizes.qformer_dim, eps=1e-12)
        self.register_buffer("position_ids", torch.arange(sizes.bert_positions)[None])

    def forward(self, text: Tensor, queries: Tensor) -> Tensor:
        words = self.word_embeddings(text) + self.position_embeddings(self.position_ids[:, : text.shape[1]])
        return self.LayerNorm(torch.cat((queries, words), dim=1))


class QFormer(nn.Module):
    def __init__(self, sizes: Sizes):
        super().__init__()
        self.bert = nn.Module()
        self.bert.embeddings = QFormerEmbeddings(sizes)
        self.bert.encoder = nn.Module()
        layers = (QFormerLayer(sizes, crosses=index % 2 == 0) for index in range(sizes.qformer_layers))
        self.bert.encoder.layer = nn.ModuleList(layers)

    def forward(self, queries: Tensor, text: Tensor, text_mask: Tensor, vision: Tensor) -> Tensor:
        x = self.bert.embeddings(text, queries)
        keep = torch.cat((text_mask.new_ones(queries.shape[:2]), text_mask), dim=1)
        mask = ((1.0 - keep.to(x.dtype)) * -10000.0)[:, None, None, :]
        for layer in self.bert.encoder.layer:
            x = layer(x, queries.shape[1], mask, vision)
        return x[:, : queries.shape[1]]


class ChannelNorm(nn.Module):
    def __init__(self, dim: int):
        super().__init__()
        self.layer_norm = nn.LayerNorm(dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer_norm(x.transpose(1, 2)).transpose(1, 2)


class TemporalAdapter(nn.Module):
    """TAPE: a U-Net along the token sequence that tells the tokens where in time they stand."""

    def __init__(self, sizes: Sizes):
        super().__init__()
        dim, mid = sizes.qformer_dim, sizes.qformer_dim // MERGE

        def separable(kernel: int, stride: int) -> nn.Sequential:
            depthwise = nn.Conv1d(mid, mid, kernel, stride=stride, padding=kernel // 2, groups=mid)
            return nn.Sequential(depthwise, nn.Conv1d(mid, mid, 1), ChannelNorm(mid), nn.GELU())

        self.linear_input = nn.Linear(dim, mid)
        self.AvgPool = nn.AvgPool1d(MERGE, MERGE)
        self.DwConv1, self.DwConv2 = separable(2 * MERGE + 1, MERGE), separable(2 * MERGE + 1, MERGE)
        dense = nn.Conv1d(mid, mid, sizes.clips + 1, padding=sizes.clips // 2)
        self.fc = nn.Sequential(dense, ChannelNorm(mid), nn.GELU())
        self.UpConv1, self.UpConv0 = separable(MERGE + 1, 1), separable(MERGE + 1, 1)
        self.upsample = nn.Upsample(scale_factor=MERGE)
        self.linear_output = nn.Linear(mid, sizes.llm_dim)

    def forward(self, x: Tensor) -> Tensor:
        level0 = self.AvgPool(self.linear_input(x).transpose(1, 2))
        level1 = self.DwConv1(level0)
        bottom = self.fc(self.DwConv2(level1))
        level1 = self.UpConv1(self.upsample(bottom) + level1)
        level0 = self.UpConv0(self.upsample(level1) + level0)
        return self.linear_output(level0.transpose(1, 2))


class LoraLinear(nn.Module):
    """A frozen linear layer with a trained low-rank branch beside it, as `peft` wraps one."""

    def __init__(self, base: nn.Linear, rank: int, alpha: int):
        super().__init__()
        self.base_layer = base
        self.lora_A = nn.ModuleDict({"default": nn.Linear(base.in_features, rank, bias=False)})
        self.lora_B = nn.ModuleDict({"default": nn.Linear(rank, base.out_features, bias=False)})
        self.scaling = alpha / rank

    def forward(self, x: Tensor) -> Tensor:
        return self.base_layer(x) + self.lora_B["default"](self.lora_A["default"](x)) * self.scaling


def mistral_with_adapters(sizes: Sizes) -> MistralForCausalLM:
    """`transformers`' Mistral with adapters on the seven projections and the head."""
    config = MistralConfig(
        vocab_size=sizes.llm_vocab,
        hidden_size=sizes.llm_dim,
        intermediate_size=sizes.llm_mlp,
        num_hidden_layers=sizes.llm_layers,
        num_attention_heads=sizes.llm_heads,
        num_key_value_heads=sizes.llm_kv_heads,
        head_dim=sizes.llm_dim // sizes.llm_heads,
        rms_norm_eps=1e-5,
        rope_theta=1e6,
        sliding_window=None,
        attn_implementation="sdpa",
    )
    model = MistralForCausalLM(config)
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if name in ADAPTED:
                setattr(parent, name, LoraLinear(child, sizes.lora_rank, sizes.lora_alpha))
    return model


class VideoChatT(nn.Module):
    """Video clips, their time text and a conversation in; the loss of its answers out."""

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
        self.mistral_proj = nn.Linear(dim, sizes.llm_dim)  # of the parent model; kept as the original keeps it
        self.merge_proj = nn.Linear(MERGE * dim, sizes.llm_dim)
        self.temp_adap = TemporalAdapter(sizes)
        self.mistral_model = mistral_with_adapters(sizes)
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD), persistent=False)
        for name, parameter in self.named_parameters():
            parameter.requires_grad_(name.startswith(TRAINABLE) or "lora_" in name)

    def encode_video(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Visual tokens [B, N, llm_dim] of the frames [B, K, F, H, W, 3]."""
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
        """The language model's input [B, S, llm_dim]: text embeddings with the visual tokens in their places."""
        embeddings = self.mistral_model.get_input_embeddings()(batch["tokens"])
        visual = (batch["visual_slot"] >= 0)[..., None].expand_as(embeddings)
        return embeddings.masked_scatter(visual, self.encode_video(batch).to(embeddings.dtype))

    def forward(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Mean cross-entropy of the answers' tokens."""
        labels = batch["tokens"].masked_fill(~batch["loss_mask"], -100)
        embeddings = self.input_embeddings(batch)
        return self.mistral_model(inputs_embeds=embeddings, attention_mask=batch["valid"], labels=labels).loss

    def generate(self, embeddings: Tensor, tokens: int) -> Tensor:
        """Greedy continuation of an embedded prompt [B, S, llm_dim] by exactly `tokens` tokens [B, tokens]."""
        return self.mistral_model.generate(
            inputs_embeds=embeddings,
            attention_mask=torch.ones(embeddings.shape[:2], dtype=torch.long, device=embeddings.device),
            do_sample=False,
            max_new_tokens=tokens,
            min_new_tokens=tokens,
            pad_token_id=2,
        )

    def upstream_names(self) -> list[str]:
        """The names that a released checkpoint has for the tensors of `state_dict`, in its order."""
        inner = "mistral_model.base_model.model."
        return [name.replace("mistral_model.", inner).replace(".base_layer.", ".") for name in self.state_dict()]

    def upstream_state_dict(self) -> dict[str, Tensor]:
        """All weights under the names of a released checkpoint."""
        return dict(zip(self.upstream_names(), self.state_dict().values(), strict=True))


def build(sizes: Sizes, seed: int = 0) -> VideoChatT:
    """A model with seeded weights, none of them zero, so that every part takes part in the comparison."""
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
    """The same batch as tensors; ids as int64, which PyTorch's embeddings and losses want."""
    tensors = {name: torch.from_numpy(array).to(device) for name, array in batch.items()}
    return {name: tensor.long() if tensor.dtype == torch.int32 else tensor for name, tensor in tensors.items()}


def tasks(
    weights: Path, sizes: Sizes, shape: Shape, dtype: str = "float32", device: str = "cpu"
) -> dict[str, Callable[[], Any]]:
    """What is measured, by name; each call runs one repetition to its end and returns what both sides must agree on."""
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

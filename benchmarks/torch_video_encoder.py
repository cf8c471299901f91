"""InternVideo2's video encoder and classifier in idiomatic PyTorch, with upstream's module names.

Like upstream, it embeds all patches and then selects the visible ones.
"""

import torch
import torch.nn.functional as F
from internvideo2_workload import CLASSES, Encoder, Sizes
from torch import Tensor, nn
from torch_vision import Mlp


class RMSNorm(nn.RMSNorm):
    """With its weight in the type of the input, which the fused kernel needs under autocast."""

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self.normalized_shape, self.weight.to(x.dtype), self.eps)


class Attention(nn.Module):
    def __init__(self, dim: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.q_norm = RMSNorm(dim, eps=1e-6)
        self.k_norm = RMSNorm(dim, eps=1e-6)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        q, k = self.q_norm(q), self.k_norm(k)
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in (q, k, v))
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class LayerScale(nn.Module):
    def __init__(self, dim: int):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gamma.to(x.dtype)


class Block(nn.Module):
    def __init__(self, dim: int, heads: int):
        super().__init__()
        self.norm1 = RMSNorm(dim, eps=1e-6)
        self.attn = Attention(dim, heads)
        self.ls1 = LayerScale(dim)
        self.norm2 = RMSNorm(dim, eps=1e-6)
        self.mlp = Mlp(dim, 4 * dim, approximate="tanh")
        self.ls2 = LayerScale(dim)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.ls1(self.attn(self.norm1(x)))
        return x + self.ls2(self.mlp(self.norm2(x)))


class CrossAttention(nn.Module):
    def __init__(self, dim: int, heads: int, out: int):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v = (nn.Linear(dim, dim, bias=False) for _ in range(3))
        self.q_bias, self.k_bias, self.v_bias = (nn.Parameter(torch.zeros(dim)) for _ in range(3))
        self.proj = nn.Linear(dim, out)

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        parts = ((q, self.q, self.q_bias), (k, self.k, self.k_bias), (v, self.v, self.v_bias))
        projected = (F.linear(x, layer.weight, bias) for x, layer, bias in parts)
        q, k, v = (x.unflatten(-1, (self.heads, -1)).transpose(1, 2) for x in projected)
        weights = (q * q.shape[-1] ** -0.5 @ k.transpose(-1, -2)).softmax(dim=-1)
        return self.proj((weights @ v).transpose(1, 2).flatten(2)), weights


class AttentionPool(nn.Module):
    def __init__(self, dim: int, heads: int, out: int):
        super().__init__()
        self.norm1_q, self.norm1_k, self.norm1_v = (nn.LayerNorm(dim, eps=1e-5) for _ in range(3))
        self.cross_attn = CrossAttention(dim, heads, out)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the pooled feature [n, out] and the attention to the tokens [n, N], its mean over heads."""
        query = x.mean(dim=1, keepdim=True)
        pooled, weights = self.cross_attn(self.norm1_q(query), self.norm1_k(x), self.norm1_v(x))
        return pooled[:, 0], weights.mean(dim=1)[:, 0]


class VideoEncoder(nn.Module):
    def __init__(self, encoder: Encoder, sizes: Sizes, frames: int):
        super().__init__()
        dim = encoder.width
        self.patch_embed = nn.Module()
        kernel = (1, sizes.patch, sizes.patch)
        self.patch_embed.proj = nn.Conv3d(3, dim, kernel_size=kernel, stride=kernel)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + frames * sizes.patches, dim))
        self.blocks = nn.ModuleList(Block(dim, encoder.heads) for _ in range(encoder.depth))
        self.clip_projector = AttentionPool(dim, sizes.pool_heads, sizes.pool_width)

    def forward(
        self, frames: Tensor, visible: Tensor | None = None, layers: int = 0
    ) -> tuple[Tensor, list[Tensor], Tensor, Tensor]:
        """Encodes [n, 3, F, H, W]; returns tokens, outputs of the last blocks, pooled feature and attention."""
        x = self.patch_embed.proj(frames).flatten(2).transpose(1, 2)
        cls = self.cls_token.expand(len(x), -1, -1).to(x.dtype)
        x = torch.cat((cls, x), dim=1) + self.pos_embed.to(x.dtype)
        if visible is not None:
            x = x[visible].unflatten(0, (len(x), -1))
        outputs = []
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number >= len(self.blocks) - layers:
                outputs.append(x)
        return x, outputs, *self.clip_projector(x)


class Classifier(VideoEncoder):
    def __init__(self, sizes: Sizes):
        super().__init__(sizes.student, sizes, sizes.frames)
        self.fc_norm = nn.LayerNorm(sizes.pool_width, eps=1e-5)
        self.head = nn.Linear(sizes.pool_width, CLASSES)

    def logits(self, frames: Tensor) -> Tensor:
        _, _, pooled, _ = self(frames)
        return self.head(self.fc_norm(pooled))

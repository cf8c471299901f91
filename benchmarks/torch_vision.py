"""The vision encoder (UMT) of VideoChat-T in plain PyTorch, with upstream's module names."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from workload import CLIP_FRAMES, Sizes

TABLE_FRAMES = 4  # frames of the checkpoint's position table, interpolated to CLIP_FRAMES


def position_table(tokens: int, dim: int) -> Tensor:
    """Returns the fixed sinusoidal table [tokens, dim]: sine in even channels, cosine in odd ones."""
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

    def project(self, x: Tensor) -> Tensor:
        """Returns queries, keys and values, [3, batch, heads, tokens, width of a head]."""
        batch, tokens, _ = x.shape
        bias = torch.cat((self.q_bias, torch.zeros_like(self.v_bias), self.v_bias))
        qkv = F.linear(x, self.qkv.weight, bias)
        return qkv.view(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.project(x)
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape))


class Mlp(nn.Module):
    def __init__(self, dim: int, hidden: int, approximate: str = "none"):
        super().__init__()
        self.approximate = approximate
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x), approximate=self.approximate))


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

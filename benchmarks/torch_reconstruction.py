"""Stage 1 of InternVideo2 in idiomatic PyTorch: masked student, image and MAE teachers, and the three losses."""

import torch
import torch.nn.functional as F
from internvideo2_workload import Encoder, Sizes
from torch import Tensor, nn
from torch_video_encoder import VideoEncoder
from torch_vision import Mlp, VisionAttention, position_table


class HeadAttention(VisionAttention):
    """Attention to the heads of a token, as upstream calls its fused kernel."""

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.project(x)
        q, k, v = (part.transpose(1, 2) for part in (q, k, v))
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape))


class MaeBlock(nn.Module):
    def __init__(self, dim: int, heads: int):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attn = HeadAttention(dim, heads)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = Mlp(dim, 4 * dim)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class MaeTeacher(nn.Module):
    """VideoMAE's encoder over patches of two frames."""

    def __init__(self, encoder: Encoder, sizes: Sizes):
        super().__init__()
        self.patch_embed = nn.Module()
        kernel = (2, sizes.patch, sizes.patch)
        self.patch_embed.proj = nn.Conv3d(3, encoder.width, kernel_size=kernel, stride=kernel)
        self.blocks = nn.ModuleList(MaeBlock(encoder.width, encoder.heads) for _ in range(encoder.depth))
        self.norm = nn.LayerNorm(encoder.width, eps=1e-6)
        table = position_table(sizes.frames * sizes.patches, encoder.width)
        self.register_buffer("positions", table, persistent=False)

    def forward(self, frames: Tensor, layers: int) -> list[Tensor]:
        """Returns the outputs of the last blocks for [n, 3, F, H, W]."""
        x = self.patch_embed.proj(frames).flatten(2).transpose(1, 2)
        x = x + self.positions.to(x.dtype)
        outputs = []
        for block in self.blocks:
            x = block(x)
            outputs.append(x)
        return [*outputs[-layers:-1], self.norm(outputs[-1])]


class LinearDecoder(nn.Module):
    def __init__(self, dim: int, out: int):
        super().__init__()
        self.head = nn.Linear(dim, out)
        self.norm = nn.LayerNorm(out, eps=1e-5)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.head(x))


class MlpDecoder(LinearDecoder):
    def __init__(self, dim: int, out: int):
        super().__init__(dim, out)
        self.head = nn.Sequential(nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, out))


class Student(VideoEncoder):
    """The encoder of the visible patches, with decoders to the features of both teachers."""

    def __init__(self, sizes: Sizes):
        super().__init__(sizes.student, sizes, sizes.frames)
        self.layers = sizes.layers
        dim, tokens = sizes.student.width, sizes.frames * sizes.patches
        self.clip_pos_embed = nn.Parameter(torch.zeros(1, 1 + tokens, dim))
        self.mae_pos_embed = nn.Parameter(torch.zeros(1, tokens, dim))
        self.clip_decoder = nn.ModuleList(LinearDecoder(dim, sizes.teacher.width) for _ in range(sizes.layers))
        self.final_clip_decoder = LinearDecoder(sizes.pool_width, sizes.pool_width)
        self.mae_decoder = nn.ModuleList(MlpDecoder(dim, sizes.mae_teacher.width) for _ in range(sizes.layers))

    def predict(self, frames: Tensor, visible: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Returns predictions of the image teacher's layers, of its pooled feature, and of the MAE teacher's layers."""
        _, outputs, pooled, _ = self(frames, visible, self.layers)

        def positions(table: Tensor, chosen: Tensor) -> Tensor:
            return table.expand(len(chosen), -1, -1)[chosen].unflatten(0, (len(chosen), -1))

        clip = positions(self.clip_pos_embed, visible)
        mae = positions(self.mae_pos_embed, visible[:, 1:])
        layers = [decoder(x + clip.to(x.dtype)) for decoder, x in zip(self.clip_decoder, outputs, strict=True)]
        mae_layers = [decoder(x[:, 1:] + mae.to(x.dtype)) for decoder, x in zip(self.mae_decoder, outputs, strict=True)]
        return torch.stack(layers), self.final_clip_decoder(pooled), torch.stack(mae_layers)


class Pretraining(nn.Module):
    """Computes the loss of a batch."""

    def __init__(self, sizes: Sizes):
        super().__init__()
        self.sizes = sizes
        self.student = Student(sizes)
        self.teacher = VideoEncoder(sizes.teacher, sizes, 1).requires_grad_(False)
        self.mae_teacher = MaeTeacher(sizes.mae_teacher, sizes).requires_grad_(False)

    @torch.no_grad()
    def targets(self, frames: Tensor, every: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Returns visible tokens [n, 1 + N], and what the student predicts of them.

        Args:
          frames: of the student.
          every: of the MAE teacher, twice as many.
          noise: of a Gumbel distribution, [n, F, patches of a frame], which draws visible patches.
        """
        sizes, clips = self.sizes, len(frames)
        images = frames.transpose(1, 2).flatten(0, 1)[:, :, None]
        _, outputs, pooled, attention = self.teacher(images, layers=sizes.layers)
        scores = attention[:, 1:].unflatten(0, (clips, -1)).log() + noise
        count = sizes.patches - int(sizes.patches * sizes.ratio)
        mask = torch.zeros_like(scores, dtype=torch.bool).scatter_(2, scores.topk(count).indices, True).flatten(1)
        visible = F.pad(mask, (1, 0), value=True)
        layers = torch.stack(outputs).unflatten(1, (clips, -1))
        cls = layers[:, :, :, :1].mean(dim=2)
        layers = torch.cat((cls, layers[:, :, :, 1:].flatten(2, 3)), dim=2)
        mae = torch.stack(self.mae_teacher(every, sizes.layers))
        return (
            visible,
            layers[:, visible].unflatten(1, (clips, -1)),
            pooled.unflatten(0, (clips, -1)).mean(dim=1),
            mae[:, mask].unflatten(1, (clips, -1)),
        )

    def forward(self, every: Tensor, noise: Tensor) -> Tensor:
        """Returns the loss of clips [n, 3, 2 F, H, W]."""
        frames = every[:, :, ::2]
        visible, *targets = self.targets(frames, every, noise)
        predictions = self.student.predict(frames, visible)
        return sum(distance(*pair) for pair in zip(predictions, targets, strict=True))


def distance(student: Tensor, teacher: Tensor) -> Tensor:
    """Returns the mean squared distance of unit vectors."""
    student, teacher = (F.normalize(x.float(), dim=-1) for x in (student, teacher))
    return (2 - 2 * (student * teacher).sum(dim=-1)).mean()

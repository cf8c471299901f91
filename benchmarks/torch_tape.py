"""TAPE, the temporal adapter of VideoChat-T, in plain PyTorch, with upstream's module names."""

from torch import Tensor, nn
from workload import MERGE, Sizes


class ChannelNorm(nn.Module):
    def __init__(self, dim: int):
        super().__init__()
        self.layer_norm = nn.LayerNorm(dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer_norm(x.transpose(1, 2)).transpose(1, 2)


class TemporalAdapter(nn.Module):
    """A U-Net along the token sequence that encodes the temporal position of the tokens."""

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

"""TAPE, VideoChat-T's temporal adaptive position encoding (TimeSuite, arXiv:2410.19702; upstream `TemporalAdapter`).

A one-dimensional U-Net over the query tokens of a whole video, in temporal order. Zero padding marks the edges of the
video and the depth propagates this inwards, so that the output, added to the merged tokens, encodes their position in
the video. The output layer is initialised to zero: adding TAPE to a trained model does not change it at first.
"""

import jax
import jax.numpy as jnp
import numpy as np
from einops import reduce, repeat
from flax import linen as nn
from jaxtyping import Array, Float, Float64

from timesuite_jax.layers import LayerNorm, Linear
from timesuite_jax.layers.linear import torch_uniform

_EPSILON = 1e-5  # PyTorch's default


def _windows(x: Float[Array, "B N D"], size: int, stride: int) -> Float[Array, "B N_out window D"]:
    """Extracts windows of `size` (odd) tokens around every `stride`-th token, zero-padded at the ends."""
    margin = size // 2
    padded = jnp.pad(x, ((0, 0), (margin, margin), (0, 0)))
    reach = (x.shape[1] + 2 * margin - size) // stride * stride + 1
    return jnp.stack([padded[:, k : k + reach : stride] for k in range(size)], axis=2)


class _Convolution(nn.Module):
    """Convolution along the tokens like PyTorch's `Conv1d`: cross-correlation with bias and its default initialisation.

    Depthwise, it is shifts and one einsum: windows are short, and gradients of depthwise convolution primitives are
    slow on some platforms. Dense, it is the primitive: the window may be as long as the video, and windows of all
    tokens would be the largest array of an hour of video.
    """

    size: int  # taps of the stored kernel
    stride: int = 1
    depthwise: bool = False
    dtype: jnp.dtype = jnp.float32
    window: int | None = None  # taps that the kernel is interpolated to; None: `size`

    @nn.compact
    def __call__(self, x: Float[Array, "B N D"]) -> Float[Array, "B N_out D"]:
        """Convolves along N."""
        width, window = x.shape[-1], self.window or self.size
        shape, axes = (self.size, width, width), ("conv_kernel", "embed", "mlp")
        fan_in = self.size * width
        if self.depthwise:
            shape, axes = (self.size, 1, width), ("conv_kernel", None, "embed")
            fan_in = self.size
        init = torch_uniform(fan_in)
        kernel = self.param("kernel", nn.with_logical_partitioning(init, axes), shape).astype(self.dtype)
        bias = self.param("bias", nn.with_logical_partitioning(init, axes[-1:]), (width,)).astype(self.dtype)
        if window != self.size:
            stretch = jnp.asarray(stretched_taps(self.size, window), jnp.float32)
            kernel = jnp.einsum("wk,kio->wio", stretch, kernel.astype(jnp.float32)).astype(self.dtype)
        # Keeps channels unsharded: if XLA shards them over two mesh axes, it partitions the gradient of strided windows
        # incorrectly, with errors up to 50 % (jax 0.10.2, fsdp=2 with tensor=2).
        x = nn.with_logical_constraint(x.astype(self.dtype), ("batch", None, None))
        if self.depthwise:
            y = jnp.einsum("BNko,kio->BNo", _windows(x, window, self.stride), kernel)
        else:
            margin, layout = window // 2, ("NWC", "WIO", "NWC")
            y = jax.lax.conv_general_dilated(x, kernel, (self.stride,), [(margin, margin)], dimension_numbers=layout)
        return y + jnp.broadcast_to(bias, y.shape)


def stretched_taps(size: int, window: int) -> Float64[np.ndarray, "window size"]:
    """Computes the matrix that interpolates a kernel of `size` taps to `window` taps (both odd, keeping the middle).

    A tap is the weight of a token at some distance, relative to the length of the video: the bottleneck's window is two
    thirds of the video, whatever the number of clips. So the first and the last tap keep their places, taps between are
    interpolated linearly, and their sum is kept: the same video, sampled more finely, gives the same result.
    """
    place = np.linspace(0, size - 1, window)
    distance = np.abs(place[:, None] - np.arange(size))
    return np.maximum(1.0 - distance, 0.0) * (size / window)


class _Stage(nn.Module):
    """Depthwise convolution, pointwise convolution, norm over channels, GELU."""

    size: int
    stride: int = 1
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: Float[Array, "B N D"]) -> Float[Array, "B N_out D"]:
        """Applies the stage; N is divided by `stride`."""
        init = torch_uniform(x.shape[-1])
        x = _Convolution(self.size, self.stride, depthwise=True, dtype=self.dtype, name="depthwise")(x)
        pointwise = {"kernel_init": init, "bias_init": init, "dtype": self.dtype, "name": "pointwise"}
        x = Linear(x.shape[-1], ("embed", "mlp"), **pointwise)(x)
        return _norm_and_gelu(x, self.dtype)


def _norm_and_gelu(x: Float[Array, "B N D"], dtype: jnp.dtype) -> Float[Array, "B N D"]:
    """Applies norm and GELU in float32; creates the submodule "norm" of the compact module that calls it."""
    return jax.nn.gelu(LayerNorm(_EPSILON, name="norm")(x), approximate=False).astype(dtype)


class _Bottleneck(nn.Module):
    """Dense convolution whose window spans as many tokens as the video has clips, norm, GELU."""

    size: int
    window: int
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: Float[Array, "B N D"]) -> Float[Array, "B N D"]:
        """Applies the bottleneck."""
        convolution = _Convolution(self.size, dtype=self.dtype, window=self.window, name="conv")
        return _norm_and_gelu(convolution(x), self.dtype)


class Tape(nn.Module):
    """Computes, from the query tokens of a video, the position encoding of its merged tokens."""

    clips: int  # K, even: the window of the bottleneck is K + 1
    merge_len: int  # r: tokens merged into one, and the stride of each level
    features: int  # width of the language model
    dtype: jnp.dtype = jnp.float32
    kernel_clips: int | None = None  # the K that the kernel of the bottleneck was trained with; None: the same

    @nn.compact
    def __call__(self, tokens: Float[Array, "B N D"]) -> Float[Array, "B N_merged D_out"]:
        """Applies the adapter; N must be a multiple of `merge_len ** 3`."""
        r = self.merge_len
        middle = tokens.shape[-1] // r
        init = torch_uniform(tokens.shape[-1])
        options = {"kernel_init": init, "bias_init": init, "dtype": self.dtype, "name": "linear_input"}
        x = Linear(middle, ("embed", "mlp"), **options)(tokens)
        level0 = reduce(x, "B (N r) D -> B N D", "mean", r=r)
        level1 = _Stage(2 * r + 1, r, self.dtype, name="down1")(level0)
        level2 = _Stage(2 * r + 1, r, self.dtype, name="down2")(level1)
        taps = (self.kernel_clips or self.clips) + 1
        x = _Bottleneck(taps, self.clips + 1, self.dtype, name="bottleneck")(level2)
        x = _Stage(r + 1, dtype=self.dtype, name="up1")(repeat(x, "B N D -> B (N r) D", r=r) + level1)
        x = _Stage(r + 1, dtype=self.dtype, name="up0")(repeat(x, "B N D -> B (N r) D", r=r) + level0)
        zeros = nn.initializers.zeros_init()
        return Linear(self.features, ("mlp", "embed"), dtype=self.dtype, kernel_init=zeros, name="linear_output")(x)

"""Choices of model specs as types of their fields, which `config_spec` checks and lists in its errors."""

from typing import Literal

FloatType = Literal["float32", "bfloat16"]
WeightFormat = Literal["float", "int8", "int4"]  # how a model stores its kernels
Attention = Literal["auto", "xla", "splash", "cudnn", "blockwise"]  # implementation of attention
Remat = Literal["none", "full", "dots"]  # what the backward pass computes again
Activation = Literal["gelu", "gelu_tanh"]  # of a feed-forward block: the erf form of GELU, or the tanh form

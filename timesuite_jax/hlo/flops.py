"""FLOPs of a compiled program: its matrix products and kernels, times the trip counts of their loops.

`Compiled.cost_analysis()` counts the body of a loop once and does not see inside a Pallas kernel; scanned models
consist of loops and kernels. Here products are counted as XLA's `HloCostAnalysis` does, times the trip counts of their
loops; elementwise operations are left out, as they are in model FLOPs. Work that partitioning duplicates or
rematerialisation repeats is in the program and so in the count.
"""

import dataclasses
import math
import re

import numpy as np

from timesuite_jax.hlo.parse import Computation, Instruction, Module
from timesuite_jax.layers.attention import splash_flops

_SPLASH = re.compile(r"\bsplash_(causal|full)_(\d+)x(\d+)\b.*\bsplash_mha_(fwd|dkv)")


@dataclasses.dataclass(frozen=True)
class Arithmetic:
    """FLOPs of one chip in one run of the program."""

    products: float
    kernels: float
    unknown_kernels: tuple[str, ...]  # scopes of custom kernels without a formula here; not counted

    @property
    def total(self) -> float:
        """FLOPs of products and kernels."""
        return self.products + self.kernels


def count_flops(module: Module) -> Arithmetic:
    """Counts the products and kernels of a program."""
    products = kernels = 0.0
    unknown = set()
    for name, runs in module.runs.items():
        computation = module.computations[name]
        for instruction in computation.instructions:
            products += runs * product_flops(computation, instruction)
            if _is_kernel(instruction):
                flops = _kernel_flops(computation, instruction)
                if flops is None:
                    unknown.add(instruction.scope)
                kernels += runs * (flops or 0.0)
    return Arithmetic(products, kernels, tuple(sorted(unknown)))


def is_counted(module: Module, instruction: Instruction) -> bool:
    """Whether `count_flops` counts an instruction, or one in a computation that it calls."""
    if instruction.opcode in ("dot", "convolution") or _is_kernel(instruction):
        return True
    return any(
        is_counted(module, inner) for name in instruction.called for inner in module.computations[name].instructions
    )


def _is_kernel(instruction: Instruction) -> bool:
    return instruction.opcode == "custom-call" and 'custom_call_target="tpu_custom_call"' in instruction.attributes


def product_flops(computation: Computation, instruction: Instruction) -> float:
    """FLOPs of one matrix product or convolution (TPU programs have only the latter); 0 for anything else."""
    if instruction.opcode == "dot":
        left = computation.operand(instruction, 0).shapes[0].dims
        contracted = re.findall(r"lhs_contracting_dims=\{([\d,]*)\}", instruction.attributes)[0]
        depth = math.prod(left[int(dim)] for dim in contracted.split(",") if dim)
        return 2.0 * depth * math.prod(instruction.shapes[0].dims)
    if instruction.opcode == "convolution":
        return _convolution_flops(computation, instruction)
    return 0.0


def _convolution_flops(computation: Computation, instruction: Instruction) -> float:
    """Counts products with actual elements: a batched product is a convolution whose kernel covers mostly padding."""
    labels = re.findall(r"dim_labels=(\w+)_(\w+)->(\w+)", instruction.attributes)[0]
    sizes = (computation.operand(instruction, 0), computation.operand(instruction, 1), instruction)
    left, kernel, out = (
        dict(zip(label, part.shapes[0].dims, strict=True)) for label, part in zip(labels, sizes, strict=True)
    )
    window = re.findall(r"window=\{([^}]*)\}", instruction.attributes)
    fields = dict(field.split("=") for field in window[0].split()) if window else {}
    positions = 1
    for index, axis in enumerate(sorted(label for label in labels[0] if label.isdigit())):

        def along(name: str, default: str, index: int = index) -> list[int]:
            return [int(number) for number in fields.get(name, default).split("x")[index].split("_")]

        count = len(labels[0]) - 2
        one = "x".join("1" * count)
        positions *= _overlaps(
            left[axis],
            kernel[axis],
            out[axis],
            stride=along("stride", one)[0],
            padding=along("pad", "x".join(["0_0"] * count))[0],
            left_dilation=along("lhs_dilate", one)[0],
            kernel_dilation=along("rhs_dilate", one)[0],
        )
    groups = [int(re.findall(rf"{name}_group_count=(\d+)", instruction.attributes + f" {name}_group_count=1")[0])
              for name in ("feature", "batch")]  # fmt: skip
    return 2.0 * positions * (left["f"] / groups[0]) * out["f"] * (left["b"] / groups[1])


def _overlaps(
    size: int, kernel: int, out: int, *, stride: int, padding: int, left_dilation: int, kernel_dilation: int
) -> int:
    """Pairs of output and kernel positions on an element, neither padding nor a hole between dilated elements."""
    position = np.arange(out)[:, None] * stride - padding + np.arange(kernel)[None] * kernel_dilation
    inside = (position >= 0) & (position <= (size - 1) * left_dilation) & (position % left_dilation == 0)
    return int(np.count_nonzero(inside))


def _kernel_flops(computation: Computation, instruction: Instruction) -> float | None:
    """FLOPs of a Pallas kernel; None for one without a formula here."""
    found = _SPLASH.search(instruction.scope)
    if not found:
        return None
    mask, rows, columns, phase = found.groups()
    arrays = [computation.by_name[name].shapes[0] for name in instruction.operands]
    # Queries and keys are the first arrays of numbers: samples (if more than one), heads, positions, width.
    q, k = [shape.dims for shape in arrays if len(shape.dims) >= 3 and shape.dtype in ("bf16", "f32")][:2]
    heads, length, width = q[-3:]
    shape = math.prod(q[:-3]), heads, length, width
    return splash_flops(shape, k[-2], (int(rows), int(columns)), causal=mask == "causal", phase=phase)

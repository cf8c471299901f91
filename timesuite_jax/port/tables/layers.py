"""Entries of dense layers, convolutions and norms, and the number of layers in a state dict."""

from collections.abc import Iterable

from timesuite_jax.port.layout import LINEAR, SAME_1D, TensorLayout
from timesuite_jax.port.table import Entry


def dense(
    torch: str,
    jax: str,
    axes: str,
    layout: TensorLayout = LINEAR,
    *,
    layer: int | None = None,
    trainable: bool = False,
    export_only: bool = False,
) -> list[Entry]:
    """Weight and bias of a dense layer or a convolution.

    Args:
      torch: name of the PyTorch module.
      jax: path of the Flax module.
      axes: names of the weight's axes in torch's order, the output first (see `Entry.axes`).
      layout: axis order of the weight.
      layer: see `Entry.layer`.
      trainable: see `Entry.trainable`.
      export_only: see `Entry.export_only`.
    """
    output = axes.split()[0]
    return [
        Entry(f"{torch}.weight", f"{jax}/kernel", layout, axes, layer, trainable, export_only),
        Entry(f"{torch}.bias", f"{jax}/bias", SAME_1D, output, layer, trainable, export_only),
    ]


def norm(torch: str, jax: str, axis: str, *, layer: int | None = None, trainable: bool = False) -> list[Entry]:
    """Scale and bias of a LayerNorm over `axis`; other arguments as for `dense`."""
    return [
        Entry(f"{torch}.weight", f"{jax}/scale", SAME_1D, axis, layer, trainable),
        Entry(f"{torch}.bias", f"{jax}/bias", SAME_1D, axis, layer, trainable),
    ]


def count_layers(names: Iterable[str], prefix: str) -> int:
    """Number of consecutive layers `{prefix}.0.`, `{prefix}.1.`, ... among the keys of a state dict.

    A forged layer number allocates nothing: counting stops at the first gap.

    Raises:
      KeyError: with `{prefix}.0.` if there is no layer 0.
    """
    start = f"{prefix}."
    found = {name[len(start) :].partition(".")[0] for name in names if name.startswith(start)}
    layers = 0
    while str(layers) in found:
        layers += 1
    if not layers:
        raise KeyError(f"{start}0.")
    return layers

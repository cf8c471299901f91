"""Entries of VideoChat-T's time adapter, TAPE (`LinearProAda` upstream).

{linear_input, linear_output}/{kernel [in, out], bias}
{down1, down2, up1, up0}/{depthwise/{kernel [k, 1, D], bias}, pointwise/{kernel [in, out], bias}, norm}
bottleneck/{conv/{kernel [k, in, out], bias}, norm}
"""

from timesuite_jax.port.layout import CONV1D, POINTWISE
from timesuite_jax.port.table import Entry
from timesuite_jax.port.tables.layers import dense, norm


def entries(torch: str, jax: str, *, width: str, query: str, llm: str) -> list[Entry]:
    """Entries of the adapter, all of them trainable.

    Args:
      torch: name of the module.
      jax: path of ours.
      width: axis name of the adapter's width.
      query: axis name of the Q-Former's width, which it reads.
      llm: axis name of the language model's width, which it writes.
    """

    def separable(theirs: str, ours: str) -> list[Entry]:
        module, place, pointwise = f"{torch}.{theirs}", f"{jax}/{ours}", f"{width} {width} _"
        return [
            *dense(f"{module}.0", f"{place}/depthwise", f"{width} _ _", CONV1D, trainable=True),
            *dense(f"{module}.1", f"{place}/pointwise", pointwise, POINTWISE, trainable=True),
            *norm(f"{module}.2.layer_norm", f"{place}/norm", width, trainable=True),
        ]

    return [
        *dense(f"{torch}.linear_input", f"{jax}/linear_input", f"{width} {query}", trainable=True),
        *dense(f"{torch}.linear_output", f"{jax}/linear_output", f"{llm} {width}", trainable=True),
        *separable("DwConv1", "down1"),
        *separable("DwConv2", "down2"),
        *dense(f"{torch}.fc.0", f"{jax}/bottleneck/conv", f"{width} {width} _", CONV1D, trainable=True),
        *norm(f"{torch}.fc.1.layer_norm", f"{jax}/bottleneck/norm", width, trainable=True),
        *separable("UpConv1", "up1"),
        *separable("UpConv0", "up0"),
    ]

"""`timesuite port inspect`: what a checkpoint contains."""

import argparse

from timesuite_jax import port
from timesuite_jax.cli._columns import print_columns
from timesuite_jax.cli._paths import any_path
from timesuite_jax.cli._printable import printable
from timesuite_jax.json_text import to_json
from timesuite_jax.port.lookalikes import looks_like
from timesuite_jax.registry.port_choice import choose_port, family_of
from timesuite_jax.registry.ports import PORTS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("file", type=any_path, help="checkpoint that `import` reads or `export` writes")


def run(args: argparse.Namespace) -> int:
    """Lists the tensors, of whichever model.

    Raises:
      UserError: if the checkpoint cannot be read.
    """
    family = args.model or family_of(args.file)
    if port.is_orbax(args.file):
        source = port.open_orbax(choose_port([args.file], args.model), args.file)
    else:
        source = port.open_files(args.file)
    size = sum(info.nbytes for info in source.infos.values())
    container, others = getattr(source, "container", None), getattr(source, "others", ())
    kind = PORTS[family].title if family else looks_like(source.infos)
    if args.json:
        tensors = {
            key: {"shape": list(info.shape), "dtype": info.dtype.name, "bytes": info.nbytes}
            for key, info in source.infos.items()
        }
        fields = {"file": str(args.file), "looks_like": kind or None, "container": container, "others": others}
        print(to_json({**fields, "tensors": tensors}))
        return 0
    rows = [
        (key, "x".join(map(str, info.shape)) or "scalar", info.dtype.name, f"{info.nbytes / 1e6:.3f}")
        for key, info in source.infos.items()
    ]
    print_columns([("key", "shape", "type", "MB"), *rows])
    if container:
        print(f"state dict under {container!r}; other entries: {printable(', '.join(others)) or 'none'}")
    if kind:
        print(f"looks like {kind}")
    print(f"{len(rows)} tensors, {size / 1e6:.1f} MB")
    if quantized := getattr(source, "quantized", ()):
        print(f"{len(quantized)} of them are quantized and listed as dequantized floats")
    return 0

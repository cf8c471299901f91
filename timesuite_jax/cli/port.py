"""Converts checkpoints from and to PyTorch; every key is accounted for, every byte preserved.

examples:
  timesuite port inspect timesuite.pth
  timesuite port import weights.safetensors --out /tmp/model
  timesuite port import umt=umt_l16_qformer.pth mistral=Mistral-7B-Instruct-v0.2 \\
      videochat2=videochat2_mistral_7b_stage3.pth timesuite=timesuite.pth --out /tmp/model
  timesuite port export /tmp/model --out /tmp/model.safetensors
  timesuite port export --workdir runs/beauty --step best --out beauty.safetensors
  timesuite port verify /tmp/model.safetensors weights.safetensors
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from ml_dtypes import bfloat16

from timesuite_jax import param_tree, port
from timesuite_jax.cli._configs import load_config
from timesuite_jax.cli._help import show_examples
from timesuite_jax.cli._model_args import add_step
from timesuite_jax.errors import UserError
from timesuite_jax.layers import unbox
from timesuite_jax.registry.ports import PORTS

DTYPES = {"float32": np.dtype(np.float32), "float16": np.dtype(np.float16), "bfloat16": np.dtype(bfloat16)}
DIFFERENT = 1  # exit code of `verify` for checkpoints that differ


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the four actions and their options."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--model", choices=PORTS, help="model whose table of keys is used (default: the exported run's, or videochat_t)"
    )
    shared.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")

    bring = actions.add_parser("import", parents=[shared], help="PyTorch files -> Orbax folder")
    roles = "; ".join(f"{role.name} = {role.help}" for role in PORTS["videochat_t"].roles if not role.computed)
    bring.add_argument("sources", nargs="+", metavar="[ROLE=]PATH", help=f"files, in upstream's loading order: {roles}")
    bring.add_argument("--out", type=Path, required=True, help="folder to create")
    bring.add_argument("--config", help="config file of the model; by default sizes and types are those of the files")
    for name, what in (
        ("missing", "parameters that may be missing"),
        ("unused", "keys that may be unused"),
    ):
        bring.add_argument(
            f"--expect-{name}", action="append", default=[], metavar="PATTERN", help=f"{what}, e.g. 'temp_adap*'"
        )

    export = actions.add_parser("export", parents=[shared], help="Orbax folder -> .safetensors or .pth")
    source = export.add_mutually_exclusive_group(required=True)
    source.add_argument("folder", type=Path, nargs="?", help="made by `port import`")
    source.add_argument("--workdir", type=Path, metavar="DIR", help="folder of a training run")
    export.add_argument("--out", type=Path, required=True, help="a .safetensors file, or .pth if PyTorch is installed")
    add_step(export)
    export.add_argument("--trainable-only", action="store_true", help="only parameters that upstream's training saves")
    export.add_argument(
        "--peft",
        choices=["old", "new"],
        default="old",
        help="PEFT's names: q_proj.weight (old) or q_proj.base_layer.weight",
    )
    export.add_argument(
        "--dequantize",
        action="store_true",
        help="write quantized kernels as floats, rounded by the quantization",
    )
    export.add_argument("--dtype", choices=DTYPES, help="cast to this type (default: keep types)")

    look = actions.add_parser("inspect", parents=[shared], help="list keys, shapes, types and sizes")
    look.add_argument("file", type=Path, help="checkpoint that `import` reads or `export` writes")
    verify = actions.add_parser("verify", parents=[shared], help="compare two checkpoints; exit code 1 if they differ")
    verify.add_argument("a", type=Path, help="as for inspect")
    verify.add_argument("b", type=Path, help="checkpoint to compare with")
    show_examples(actions, __doc__)


def run(args: argparse.Namespace) -> int:
    """Runs the action.

    Raises:
      UserError: if files do not fit the model or cannot be read or written.
    """
    if args.action == "export":
        args.folder = args.folder or args.workdir
    model = PORTS[args.model or _model_of_run(args) or "videochat_t"]
    return {"import": _import, "export": _export, "inspect": _inspect, "verify": _verify}[args.action](args, model)


def _model_of_run(args: argparse.Namespace) -> str | None:
    """The model of the training run to export; None if the folder is not a run."""
    if args.action != "export" or not (args.folder / "checkpoints").is_dir():
        return None
    from timesuite_jax.checkpoints.readers import read_config  # imported late: slow

    task = read_config(args.folder, args.step).get("task")
    return task if task in PORTS else None


def _import(args: argparse.Namespace, model: port.ModelPort) -> int:
    layers = port.open_layers(model, args.sources)
    wanted = _wanted(args) if args.config else None
    shapes = wanted and {path: tuple(leaf.shape) for path, leaf in wanted.items()}
    plan = port.resolve(model, layers, shapes, args.expect_missing, args.expect_unused)
    port.write_import(args.out, port.lazy_arrays(plan, wanted), plan.report)
    report = plan.report
    if args.json:
        print(json.dumps({"out": str(args.out), "report": report.to_json()}))
        return 0
    _table([("role", "file", "used", "overridden", "ignored"), *report.rows()])
    for layer in report.layers:
        for reason in sorted(set(layer.ignored.values())):
            count = sum(other == reason for other in layer.ignored.values())
            print(f"{layer.source}: {count} {'key' if count == 1 else 'keys'} ignored: {reason}")
    if report.expected_missing:
        print(f"{len(report.expected_missing)} parameters missing, as expected")
    print(f"{args.out / 'params'}: {len(plan.sources)} tensors; report on every key: {args.out / 'port.json'}")
    return 0


def _wanted(args: argparse.Namespace) -> dict[param_tree.ParamPath, Any]:
    """Abstract parameters of the config's model, by path."""
    from timesuite_jax.registry import build  # imported late: no other action needs models and data

    task = build(load_config(args.config, args.overrides))
    return dict(param_tree.leaves_with_paths(unbox(task.abstract_params())))


def _export(args: argparse.Namespace, model: port.ModelPort) -> int:
    if not port.is_orbax(args.folder):
        raise UserError(f"{args.folder} is not an Orbax folder; give one made by `port import` or --workdir RUN")
    spec = port.ExportSpec(args.trainable_only, args.peft == "new", DTYPES.get(args.dtype), args.dequantize)
    step = None
    if (args.folder / "checkpoints").is_dir():
        from timesuite_jax.checkpoints.readers import (
            find_step,  # imported late: slow
        )

        step = find_step(args.folder, args.step)
    written = port.export(port.open_orbax(model, args.folder, step), args.out, spec)
    size = sum(info.nbytes for info in written.values())
    if args.json:
        print(json.dumps({"out": str(args.out), "tensors": len(written), "bytes": size}))
    else:
        print(f"{args.out}: {len(written)} tensors, {size / 1e6:.1f} MB")
        if "merge_proj.bias" in written and "mistral_proj.bias" in written:
            print(
                "load it into the original with good_init=False; otherwise merge_proj.bias is tied to mistral_proj.bias"
            )
    return 0


def _inspect(args: argparse.Namespace, model: port.ModelPort) -> int:
    source = port.open_checkpoint(model, args.file)
    size = sum(info.nbytes for info in source.infos.values())
    container, others = getattr(source, "container", None), getattr(source, "others", ())
    if args.json:
        tensors = {
            key: {"shape": list(info.shape), "dtype": info.dtype.name, "bytes": info.nbytes}
            for key, info in source.infos.items()
        }
        print(json.dumps({"file": str(args.file), "container": container, "others": others, "tensors": tensors}))
        return 0
    rows = [
        (key, "x".join(map(str, info.shape)) or "scalar", info.dtype.name, f"{info.nbytes / 1e6:.3f}")
        for key, info in source.infos.items()
    ]
    _table([("key", "shape", "type", "MB"), *rows])
    if container:
        print(f"state dict under {container!r}; other entries: {', '.join(others) or 'none'}")
    print(f"{len(rows)} tensors, {size / 1e6:.1f} MB")
    if quantized := getattr(source, "quantized", ()):
        print(f"{len(quantized)} of them are quantized and listed as dequantized floats")
    return 0


def _verify(args: argparse.Namespace, model: port.ModelPort) -> int:
    a, b = port.open_checkpoint(model, args.a), port.open_checkpoint(model, args.b)
    differences = port.compare(a, b)
    if args.json:
        listed = {difference.key: difference.what for difference in differences}
        print(json.dumps({"a": str(args.a), "b": str(args.b), "same": not differences, "differences": listed}))
    else:
        _table([(difference.key, difference.what) for difference in differences])
        print(f"{len(differences)} differences" if differences else f"identical: {len(a.infos)} tensors")
    return DIFFERENT if differences else 0


def _table(rows: list[tuple[str, ...]]) -> None:
    """Prints left-aligned columns without truncating them to the terminal's width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())

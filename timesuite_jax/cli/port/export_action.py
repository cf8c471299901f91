"""`timesuite port export`: an Orbax folder or a run to a file of PyTorch's, or to a folder for transformers."""

import argparse
from typing import Any

import numpy as np
from etils import epath
from ml_dtypes import bfloat16

from timesuite_jax import port
from timesuite_jax.cli._configs import load_config
from timesuite_jax.cli._model_args import add_step
from timesuite_jax.cli._paths import any_path
from timesuite_jax.errors import UserError
from timesuite_jax.json_text import to_json
from timesuite_jax.registry.port_choice import choose_port
from timesuite_jax.storage.staging import staged_folder

DTYPES = {"float32": np.dtype(np.float32), "float16": np.dtype(np.float16), "bfloat16": np.dtype(bfloat16)}
WEIGHTS = "model.safetensors"
_NO_CONFIG = "numbers of heads, RoPE theta, epsilons and LoRA's alpha are not in the weights"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("folder", type=any_path, nargs="?", help="made by `port import`")
    source.add_argument("--workdir", type=any_path, metavar="DIR", help="folder of a training run")
    parser.add_argument(
        "--out",
        type=any_path,
        required=True,
        help=f"a .safetensors file, .pth if PyTorch is installed, or a folder for {WEIGHTS}; config.json is beside it",
    )
    add_step(parser)
    parser.add_argument(
        "--config", metavar="CONFIG[:ARG]", help="config of the model (default: the run's, or the one in the folder)"
    )
    parser.add_argument("--trainable-only", action="store_true", help="only parameters that upstream's training saves")
    parser.add_argument("--merge-lora", action="store_true", help="merge LoRA adapters into their weights")
    parser.add_argument(
        "--language-model",
        action="store_true",
        help="the language model alone, with merged adapters, as a folder that transformers loads",
    )
    parser.add_argument(
        "--peft",
        choices=["old", "new"],
        default="old",
        help="PEFT's names: q_proj.weight (old) or q_proj.base_layer.weight",
    )
    parser.add_argument(
        "--dequantize", action="store_true", help="write quantized kernels as floats, rounded by the quantization"
    )
    parser.add_argument("--dequantise", dest="dequantize", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--dtype", choices=DTYPES, help="cast to this type (default: keep types)")
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist")


def run(args: argparse.Namespace) -> int:
    """Exports the parameters.

    Raises:
      UserError: if the folder has none, options contradict each other, or files exist or cannot be written.
    """
    folder = args.folder or args.workdir
    if not port.is_orbax(folder):
        if args.workdir:
            raise UserError(f"{folder} has no checkpoint; train there first or give another folder")
        raise UserError(f"{folder} is not an Orbax folder; give one made by `port import` or --workdir RUN")
    config, step = _config_and_step(args, folder)
    model = choose_port([folder], args.model or (config["task"] if config else None))
    source = port.open_orbax(model, folder, step)
    if args.language_model:
        written, config_file = _export_language_model(args, source, config), args.out / "config.json"
    else:
        written, config_file = _export(args, source, config)
    size = sum(info.nbytes for info in written.values())
    if args.json:
        stored = None if config_file is None else str(config_file)
        print(to_json({"out": str(args.out), "config": stored, "tensors": len(written), "bytes": size}))
        return 0
    print(f"{args.out}: {len(written)} tensors, {size / 1e6:.1f} MB")
    print(f"config: {config_file}" if config_file else f"no config.json: {_NO_CONFIG}; --config CONFIG adds them")
    if "merge_proj.bias" in written and "mistral_proj.bias" in written:
        print("load it into the original with good_init=False; otherwise merge_proj.bias is tied to mistral_proj.bias")
    return 0


def _config_and_step(args: argparse.Namespace, folder: epath.Path) -> tuple[dict[str, Any] | None, int | None]:
    """The config of the model with every field, None if it is unknown, and the number of a run's checkpoint."""
    from timesuite_jax.checkpoints.readers import find_step  # imported late: slow
    from timesuite_jax.registry.export_config import expanded, known_config

    step = find_step(folder, args.step) if (folder / "checkpoints").is_dir() else None
    if args.config:
        return expanded(load_config(args.config, args.overrides).to_dict()), step
    return known_config(folder, step), step


def _export(
    args: argparse.Namespace, source: port.TreeSource, config: dict[str, Any] | None
) -> tuple[dict[str, port.TensorInfo], epath.Path | None]:
    """Writes the weights, and the config beside them if it is known."""
    from timesuite_jax.registry.export_config import check_beside, with_files, write_beside

    is_file = args.out.suffix in port.SUFFIXES or (args.out.suffix and not args.out.is_dir())
    file = args.out if is_file else args.out / WEIGHTS
    scaling = None
    if args.merge_lora:
        scaling = _part(source).lora_scaling(_known(config)["model"])
        _part(source).check_sizes(source, _known(config)["model"])
        config = {**_known(config), "model": _part(source).merged_config(_known(config)["model"])}
    spec = port.ExportSpec(
        args.trainable_only, args.peft == "new", DTYPES.get(args.dtype), args.dequantize, scaling, args.overwrite
    )
    write_config = False
    if config is not None:
        files = [f"./{file.name}"]
        if args.trainable_only:
            files = source.port.files_with_trained(config.get("weights", {}).get("files", ()), files[0])
        config = with_files(config, files)
        write_config = check_beside(file, config, overwrite=args.overwrite)
    written = port.export(source, file, spec)
    if config is None:
        return written, None
    return written, write_beside(file, config) if write_config else file.parent / "config.json"


def _export_language_model(
    args: argparse.Namespace, source: port.TreeSource, config: dict[str, Any] | None
) -> dict[str, port.TensorInfo]:
    if args.out.suffix in port.SUFFIXES:
        raise UserError(f"{args.out}: --language-model writes a folder; give --out a name without {args.out.suffix}")
    if args.trainable_only:
        raise UserError("--trainable-only leaves out the weights of the language model; leave it out")
    config = _known(config)
    tokenizer = config.get("text", {}).get("tokenizer")
    spec = port.ExportSpec(dtype=DTYPES.get(args.dtype), dequantize=args.dequantize, overwrite=args.overwrite)
    with staged_folder(args.out) as folder:
        files = port.expand(tokenizer) if tokenizer else None
        return port.export_language_model(source, folder, config["model"], spec, files)


def _part(source: port.TreeSource) -> port.LanguageModel:
    if source.port.language_model is None:
        raise UserError(f"{source.port.title} has no language model with adapters; leave out --merge-lora")
    return source.port.language_model


def _known(config: dict[str, Any] | None) -> dict[str, Any]:
    if config is None:
        raise UserError(f"the config of this model is unknown, and {_NO_CONFIG}; give --config CONFIG")
    return config

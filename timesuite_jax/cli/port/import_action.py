"""`timesuite port import`: files of PyTorch to an Orbax folder."""

import argparse
from collections import Counter
from typing import Any

from etils import epath
from ml_collections import ConfigDict

from timesuite_jax import param_tree, port
from timesuite_jax.cli._columns import print_columns
from timesuite_jax.cli._configs import load_config
from timesuite_jax.cli._paths import any_path
from timesuite_jax.cli._printable import printable
from timesuite_jax.cli.data._numbers import positive
from timesuite_jax.errors import UserError
from timesuite_jax.json_text import to_json
from timesuite_jax.layers import unbox
from timesuite_jax.port.changed_tensors import changed_layers
from timesuite_jax.registry.port_choice import choose_port
from timesuite_jax.registry.ports import PORTS
from timesuite_jax.storage.staging import staged_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    roles = "; ".join(
        f"{role.name} = {role.help}" for model in PORTS.values() for role in model.roles if not role.computed
    )
    parser.add_argument(
        "sources", nargs="+", metavar="[ROLE=]PATH", help=f"files, in upstream's loading order: {roles}"
    )
    parser.add_argument("--out", type=any_path, required=True, help="folder to create")
    parser.add_argument("--config", help="config file of the model; by default sizes and types are those of the files")
    for name, what in (("missing", "parameters that may be missing"), ("unused", "keys that may be unused")):
        parser.add_argument(
            f"--expect-{name}", action="append", default=[], metavar="PATTERN", help=f"{what}, e.g. 'temp_adap*'"
        )
    parser.add_argument(
        "--position-frames",
        type=positive,
        metavar="N",
        help="frames of the files' joint position embeddings, which are interpolated to those of --config "
        "(config.weights.position_frames)",
    )
    parser.add_argument("--allow-nan", action="store_true", help="accept weights that are NaN or infinite")


def run(args: argparse.Namespace) -> int:
    """Imports the files.

    Raises:
      UserError: if they are not a complete model, or the folder cannot be written.
    """
    config = None
    if args.config:
        from timesuite_jax.registry.export_config import expanded  # imported late: reads models and data

        config = expanded(_with_frames(load_config(args.config, args.overrides), args.position_frames).to_dict())
    elif args.position_frames is not None:
        raise UserError(
            f"--position-frames {args.position_frames} interpolates position embeddings to the frames and the "
            "resolution of a config; give --config, e.g. configs/internvideo2/encoder.py:1b, or remove it to keep "
            "those of the file"
        )
    elif len(args.sources) == 1:
        config = _config_beside(port.expand(port.split_role(args.sources[0])[1]))
    model = _model(args, config)
    layers, wanted = port.open_layers(model, args.sources), None
    if args.config and config:
        from timesuite_jax.registry import ChangesTensors, build  # imported late: no other action needs models and data

        task = build(config)
        wanted = dict(param_tree.leaves_with_paths(unbox(task.abstract_params())))
        if isinstance(task, ChangesTensors):
            layers = changed_layers(layers, task.tensor_changes)
    shapes = wanted and {path: tuple(leaf.shape) for path, leaf in wanted.items()}
    plan = port.resolve(model, layers, shapes, args.expect_missing, args.expect_unused)
    stored = config and {**config, "weights": {"files": ["./params"]}}
    with staged_folder(args.out) as folder:
        port.write_import(folder, port.lazy_arrays(plan, wanted), plan.report, stored, allow_nan=args.allow_nan)
    if args.json:
        print(to_json({"out": str(args.out), "report": plan.report.to_json()}))
        return 0
    _print(args.out, plan, has_config=config is not None)
    return 0


def _config_beside(location: epath.Path) -> dict[str, Any] | None:
    """The config of an export, which describes its weights."""
    from timesuite_jax.config_file import CONFIG_NAME

    if not (location.parent if location.is_file() else location).joinpath(CONFIG_NAME).is_file():
        return None
    from timesuite_jax.registry.export_config import known_config  # imported late: reads models

    return known_config(location)


def _model(args: argparse.Namespace, config: dict[str, Any] | None) -> port.ModelPort:
    """The model that is named, or has the roles of the files, or whose tensors the files have."""
    named = args.model or (config["task"] if config and args.config else None)
    sources = [port.split_role(source) for source in args.sources]
    roles = {role for role, _ in sources if role is not None}
    families = [name for name, model in PORTS.items() if roles <= {role.name for role in model.roles}]
    if named is None and not families:
        known = "; ".join(f"{name}: {', '.join(role.name for role in PORTS[name].roles)}" for name in PORTS)
        raise UserError(f"no model has the roles {', '.join(sorted(roles))}; known are {known}")
    if named is None and len(families) == 1:
        named = families[0]
    # A file of a part of the model may be that of another model, too, as a language model is.
    return choose_port([port.expand(path) for role, path in sources if role is None or named is None], named)


def _with_frames(config: ConfigDict, frames: int | None) -> ConfigDict:
    """The config with the frames of the files' position embeddings, if they are given.

    Raises:
      UserError: if models of the config have none that are interpolated.
    """
    if frames is not None:
        from timesuite_jax.registry import ChangesTensors
        from timesuite_jax.registry.families import task_class

        if not issubclass(task_class(config), ChangesTensors):
            raise UserError(
                f"--position-frames {frames}: position embeddings of {config.task} models are not interpolated; remove "
                "the option"
            )
        config = config.copy_and_resolve_references()
        with config.unlocked():
            weights: Any = config.get("weights") or {}
            config.weights = {**weights, "position_frames": frames}
    return config


def _print(out: epath.Path, plan: port.LoadPlan, *, has_config: bool) -> None:
    report = plan.report
    print_columns([("role", "file", "used", "overridden", "ignored"), *report.rows()])
    for layer in report.layers:
        if layer.wrapper:
            print(f"{layer.source}: the prefix {layer.wrapper!r} of its keys is removed")
        for reason, count in sorted(Counter(layer.ignored.values()).items()):
            print(f"{layer.source}: {count} {'key' if count == 1 else 'keys'} ignored: {reason}")
        if layer.others:
            print(f"{layer.source}: ignored beside its weights: {_shown(layer.others)}")
    if report.expected_missing:
        print(f"{len(report.expected_missing)} parameters missing, as expected")
    if report.not_finite:
        example = printable(next(iter(report.not_finite)))
        print(f"{len(report.not_finite)} parameters with NaN or infinite values, e.g. {example}")
    print(f"{out / 'params'}: {len(plan.sources)} tensors; report on every key: {out / 'port.json'}")
    if not has_config:
        print(
            "no config.json: numbers of heads, RoPE theta and epsilons are not in the files; --config CONFIG adds them"
        )


def _shown(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return printable(", ".join(name[:40] for name in names[:8])) + more

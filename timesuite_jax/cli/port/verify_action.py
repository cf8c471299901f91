"""`timesuite port verify`: compares two checkpoints."""

import argparse
import dataclasses

from etils import epath

from timesuite_jax import port
from timesuite_jax.cli._columns import print_columns
from timesuite_jax.cli._paths import any_path
from timesuite_jax.cli._printable import printable
from timesuite_jax.counted import counted
from timesuite_jax.json_text import to_json
from timesuite_jax.port.files.source import Renamed
from timesuite_jax.registry.port_choice import choose_port, family_of

DIFFERENT = 1  # exit code for checkpoints that differ


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("a", type=any_path, help="checkpoint that `import` reads or `export` writes")
    parser.add_argument("b", type=any_path, help="checkpoint to compare with")
    for name, what in (("atol", "absolute tolerance"), ("rtol", "tolerance relative to the value in B")):
        parser.add_argument(
            f"--{name}", type=float, default=0.0, metavar="X", help=f"{what}; without tolerances bytes must be equal"
        )


def run(args: argparse.Namespace) -> int:
    """Compares; returns 1 if the checkpoints differ.

    Raises:
      UserError: if one cannot be read, or a tolerance is negative or not finite.
    """
    family = args.model
    if family is None:  # related models recognize the same tensors: one of them that recognizes both checkpoints
        common = family_of(args.b, family_of(args.a))
        family = common if family_of(args.a, common) == common else None
    a, b = _open(args.a, family), _open(args.b, family)
    found = port.compare(a, b, atol=args.atol, rtol=args.rtol)
    if args.json:
        listed = {difference.key: difference.what for difference in found.differences}
        largest = dataclasses.asdict(found.largest) if found.largest else None
        fields = {"a": str(args.a), "b": str(args.b), "same": not found.differences}
        print(to_json({**fields, "differences": listed, "largest": largest}))
    else:
        print_columns([(difference.key, difference.what) for difference in found.differences])
        equal = f"equal within the tolerances: {len(a.infos)} tensors" if found.largest else ""
        result = counted(len(found.differences), "difference") if found.differences else equal
        print(result or f"identical: {len(a.infos)} tensors")
        if found.largest:
            share = f", {found.largest.relative:.3g} of its largest value"
            print(f"the largest difference is {found.largest.absolute:.3g}, in {printable(found.largest.key)}{share}")
    return DIFFERENT if found.differences else 0


def _open(location: epath.Path, named: str | None) -> port.Source:
    """A checkpoint under the names of its model's table, whose spelling varies; of an unknown model, its own names."""
    if named is None and not port.is_orbax(location) and family_of(location) is None:
        return port.open_files(location)
    model = choose_port([location], named)
    source = port.open_checkpoint(model, location)
    if isinstance(source, port.TreeSource):
        return source
    complete_first = sorted(model.roles, key=lambda role: not role.complete)
    role = next((role for role in complete_first if role.recognizes(source.infos)), complete_first[0])
    return Renamed(source, port.CheckpointLayer(role, source).keys)

"""`timesuite data interactions`: a data set for recommenders from a log of interactions."""

import argparse
from typing import TYPE_CHECKING, Any

from timesuite_jax.cli._outputs import check_outputs
from timesuite_jax.cli._paths import any_path
from timesuite_jax.cli.data._numbers import positive
from timesuite_jax.errors import UserError
from timesuite_jax.json_text import to_json

if TYPE_CHECKING:
    from timesuite_jax.data.interactions import Interactions

_CORE = 5  # default of --core, which a released data set must not set
_FORMATS = ("text", "jsonl", "parquet")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument(
        "log",
        type=any_path,
        help="separated values (CSV, TSV, RecBole's .inter, MovieLens' .dat), JSON lines or Parquet, also compressed "
        "with gzip; or an .npy file of MQSA-TED's authors",
    )
    parser.add_argument("--out", type=any_path, required=True, metavar="NPZ", help="file to write")
    parser.add_argument(
        "--core", type=positive, metavar="K", help=f"drop users and items with fewer than K rows ({_CORE})"
    )
    parser.add_argument(
        "--columns",
        type=_columns,
        metavar="USER,ITEM,TIME",
        help="names of the log's columns, or their numbers from 1 (default: user,item,time, or names like userId, "
        "movieId and timestamp)",
    )
    parser.add_argument("--format", choices=_FORMATS, help="of the log (default: found from its content)")
    parser.add_argument(
        "--separator",
        type=_separator,
        metavar="SEP",
        help="of the fields of a text: tab, or any characters (default: the one of , tab ; :: and | that separates the "
        "names of the columns)",
    )
    parser.add_argument("--sort", action="store_true", help="sort a log whose rows are not sorted by time")
    parser.add_argument(
        "--on-duplicate",
        choices=("reject", "drop", "keep"),
        help="what to do with rows that repeat user, item and time of an earlier row (reject)",
    )


def run(args: argparse.Namespace) -> int:
    """Makes the data set.

    Raises:
      UserError: if a file cannot be used, or an option does not apply to it.
    """
    check_outputs(args.out, inputs=[args.log])
    from timesuite_jax.data.interactions import describe

    if args.out.suffix != ".npz":
        raise UserError(f"--out {args.out} does not end in .npz, the format that is written; correct the name")
    released = args.log.suffix == ".npy"
    made, read = _read_released(args) if released else _split_log(args)
    made.save(args.out)
    summary = describe(made)
    if args.json:
        print(to_json({"out": str(args.out), **summary, **read}))
        return 0
    if not released:
        print(f"{args.log}: {read['rows']} rows ({read['format']})")
        if read["duplicates"]:
            done = "dropped" if args.on_duplicate == "drop" else "kept"
            print(f"  {read['duplicates']} rows that repeat user, item and time of an earlier row are {done}")
        print(
            f"  the {args.core or _CORE}-core drops {read['dropped_users']} users, "
            f"{read['dropped_items']} items, {read['dropped_interactions']} interactions"
        )
    print(f"{args.out}: {summary['users']} users, {summary['items']} items, {summary['interactions']} interactions")
    print(f"  {summary['sparsity']:.3%} sparse, {summary['mean_length']:.1f} interactions per user")
    print(f"  {summary['repeats']} interactions with an item that the user had taken before")
    print(f"  {summary['untrained_items']} items are only held out and in no training history")
    return 0


def _split_log(args: argparse.Namespace) -> "tuple[Interactions, dict[str, Any]]":
    """The k-core of a log with its newest items held out; and what was read and dropped."""
    from timesuite_jax.data.interactions import k_core, leave_one_out
    from timesuite_jax.data.interactions.log_file import open_log
    from timesuite_jax.data.interactions.log_reader import read_log
    from timesuite_jax.progress import progress_bar
    from timesuite_jax.storage.staging import local_copy

    file = open_log(local_copy(args.log), args.columns, kind=args.format, separator=args.separator)
    with progress_bar(f"reading {args.log.name}", quiet=args.json) as advance:
        log, duplicates = read_log(
            file, sort=args.sort, on_duplicate=args.on_duplicate or "reject", on_progress=advance
        )
    core = k_core(log, args.core or _CORE)
    made = leave_one_out(core)
    return made, {
        "rows": len(log.users) + (duplicates if args.on_duplicate == "drop" else 0),
        "format": file.describe(),
        "duplicates": duplicates,
        "dropped_users": len(log.user_names) - made.num_users,
        "dropped_items": len(log.item_names) - made.num_items,
        "dropped_interactions": len(log.users) - len(core.users),
    }


def _read_released(args: argparse.Namespace) -> "tuple[Interactions, dict[str, Any]]":
    """A data set of the original's authors, which is already split; nothing is dropped."""
    from timesuite_jax.data.interactions import read_released
    from timesuite_jax.storage.staging import local_copy

    for option in ("core", "columns", "format", "separator", "sort", "on_duplicate"):
        if getattr(args, option):
            raise UserError(
                f"--{option.replace('_', '-')} applies to logs, but {args.log} is a data set that is already split; "
                "remove it"
            )
    return read_released(local_copy(args.log)), dict.fromkeys(
        ("dropped_users", "dropped_items", "dropped_interactions"), 0
    )


def _columns(word: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in word.split(","))
    if len(set(names)) != 3 or not all(names):
        raise argparse.ArgumentTypeError(f"{word!r} does not name three columns; write user,item,time")
    return names


def _separator(word: str) -> str:
    names = {"tab": "\t", r"\t": "\t", "comma": ",", "semicolon": ";", "bar": "|"}
    separator = names.get(word, word)
    if not separator or separator in ('"', "\n", "\r"):
        raise argparse.ArgumentTypeError(f"{word!r} separates no fields; give tab or other characters")
    return separator

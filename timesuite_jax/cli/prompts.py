"""`--prompt`: how a command words what it asks."""

import argparse


def add_prompt(parser: argparse.ArgumentParser) -> None:
    """Adds the option; its value is what a task's `preparer` takes."""
    parser.add_argument(
        "--prompt",
        metavar="LAYOUT",
        help="ask as in `training`, or as the original's `evaluation` does (default: as the run was trained)",
    )

"""The end of what a quickstart prints."""

from collections.abc import Mapping

from rich.console import Console


def print_files_and_seconds(files: Mapping[str, str], seconds: Mapping[str, float], console: Console) -> None:
    """Prints the paths of the files that a quickstart made, and the seconds of its steps."""
    for name, file in files.items():
        console.print(f"{name}: {file}", soft_wrap=True)
    parts = ", ".join(f"{name} {value:.0f} s" for name, value in seconds.items())
    console.print(f"{parts}; {sum(seconds.values()):.0f} s in all")

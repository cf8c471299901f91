"""Shows the examples of a command's docstring in the help of each of its actions."""

import argparse


def show_examples(actions: "argparse._SubParsersAction[argparse.ArgumentParser]", doc: str | None) -> None:
    """Appends to the help of every action its own examples of the docstring, with continued lines."""
    lines = (doc or "").replace("\\\n", "\\\0").splitlines()
    for action in actions.choices.values():
        own = [line.replace("\0", "\n") for line in lines if line.startswith(f"  {action.prog} ")]
        action.epilog = "\n".join(["examples:", *own])
        action.formatter_class = argparse.RawDescriptionHelpFormatter

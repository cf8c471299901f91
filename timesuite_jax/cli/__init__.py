"""The command line: one thin file a subcommand, no logic.

Each subcommand is a module with `add_arguments(parser)` and `run(args) -> int`; `main.py` finds them by name and
imports only the one that is called.
"""

"""The command line: one thin module per command that parses, calls the library and prints.

Each command is a module with `add_arguments(parser)` and `run(args) -> int`; `main.py` imports only the one that is
called.
"""

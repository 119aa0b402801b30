"""The verbs of the command line, one module each.

A module offers `add_arguments(parser)` and `run(args) -> int`, and gets its line in `cli.VERBS`.
"""

"""The command line, one group of commands per module; modules import only typer and the standard library at the top."""

from flows.commands import query, run, version

MODULES = (run, query, version)

"""The command line, one group of commands per module; modules import only typer and the standard library at the top."""

from flows.commands import events, maintain, query, run, serve, version

MODULES = (run, serve, query, claims, events, maintain, version)

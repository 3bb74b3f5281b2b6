"""The command line, one group of commands per module; modules import only typer and the standard library at the top."""

from flows.commands import backfill, claims, events, imports, maintain, query, run, serve, study, version

MODULES = (run, serve, query, study, claims, events, imports, backfill, maintain, version)

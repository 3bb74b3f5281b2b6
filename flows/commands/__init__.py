"""The command line, one group of commands per module; modules import only typer and the standard library at the top."""

from flows.commands import (
    backfill,
    benchmarks,
    claims,
    config,
    correlate,
    events,
    imports,
    maintain,
    pages,
    prices,
    query,
    report,
    run,
    serve,
    study,
    version,
)

MODULES = (
    run,
    serve,
    query,
    prices,
    benchmarks,
    study,
    claims,
    config,
    correlate,
    events,
    imports,
    backfill,
    pages,
    report,
    maintain,
    version,
)

"""A clock that was wrong: refused before a run, named by the doctor, cured by one command."""

from __future__ import annotations

from datetime import datetime, timedelta

from flows.errors import CommandError
from flows.serve.last_run import forget_last_run, read_last_run
from flows.settings import Settings
from warehouse.store.connection import Reader, open_writer
from warehouse.store.stamps import count_future, stamp_columns
from warehouse.tables.units import iso_minute, plural

# Clocks of one machine are corrected by seconds; more than this before the newest run is a wrong clock.
TOLERANCE = timedelta(minutes=2)


def refuse_earlier_clock(settings: Settings, now: datetime) -> None:
    """CommandError when `now` lies before the newest run of this home: one of the two clocks was wrong."""
    last = read_last_run(settings.home)
    if last is None or now >= datetime.fromisoformat(last.at_utc) - TOLERANCE:
        return
    raise CommandError(
        f"it is {iso_minute(now)} UTC, before the newest run ({last.run_id}, {last.at_utc[:16]}Z): set the clock "
        "right, or if it is, go on with --accept-clock and mend what the wrong one left: aftershock doctor --cure-clock"
    )


def name_future_stamps(reader: Reader, now: datetime) -> list[str]:
    """One line per table and column that holds instants of our own clock after `now`."""
    lines = []
    for table, column in stamp_columns():
        n_rows = count_future(reader.connection, table, column, now) if reader.has(table) else 0
        if n_rows:
            lines.append(f"{table.name}.{column}: {plural(n_rows, 'row')} from the future")
    return lines


def cure_clock(settings: Settings, now: datetime) -> int:
    """Mend every stamp from the future in the warehouse; returns the rows. The note of the newest run is forgotten."""
    with open_writer(settings.warehouse_path, settings.lock_deadline_seconds) as warehouse:
        n_rows = sum(warehouse.cure_future(table, column, now) for table, column in stamp_columns())
    last = read_last_run(settings.home)
    if last is not None and datetime.fromisoformat(last.at_utc) > now:
        forget_last_run(settings.home)
    return n_rows

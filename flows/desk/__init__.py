"""The analyst's desk: everything that a notebook needs, from one place.

The home is `AFTERSHOCK_HOME`, else `aftershock-home` in the current folder, as for the command line.
"""

from flows.desk.reading import candles, columns, fetch_table, query
from flows.desk.studies import event_study, study_rows
from flows.desk.texts import check_statements
from flows.desk.trace import trace_back

__all__ = ["candles", "check_statements", "columns", "event_study", "fetch_table", "query", "study_rows", "trace_back"]

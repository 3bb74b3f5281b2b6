"""Studies on an existing Dask cluster: the same pure functions as in one process, and the same bits."""

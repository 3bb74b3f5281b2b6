"""Studies by several processes, of this machine or of a Dask cluster: the same pure functions, and the same bits."""

"""The contracts of every stored table, which are the data dictionary."""

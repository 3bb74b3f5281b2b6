"""How things are said: clauses, and whether they report, forecast, ask or advertise."""

"""When a phrase is said to have been: days and times as people write them, windows, events that words refer to."""

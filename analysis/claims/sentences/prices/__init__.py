"""What a phrase says of a price beside its number: how long it stood there, and whether it is one at all."""

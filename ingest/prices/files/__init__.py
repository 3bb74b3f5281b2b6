"""Price files that somebody has: which layout they have, whose prices they hold, and the rows in them."""

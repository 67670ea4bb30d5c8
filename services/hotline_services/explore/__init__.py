"""The explorer: every interleaving of the shipped cores in a small world, and the invariants in each of its states."""

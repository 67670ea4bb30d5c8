"""Delivery end to end, the same in live and simulated runs: what is kept, told apart, traced, encoded and checked."""

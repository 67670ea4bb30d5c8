"""Runs in simulated time: the event queue, the simulated network and its faults, and chance that can be repeated."""

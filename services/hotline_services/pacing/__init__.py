"""The simulated time of a live run, and the bounds of speed, delay and silence. Real time is handed in."""

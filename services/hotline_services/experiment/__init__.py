"""What runs come to in figures, and experiments: the same runs with and without a change, compared in pairs."""

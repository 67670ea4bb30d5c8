"""What runs come to in figures, and what a factor changes in them. No I/O."""

"""What is wrong, concluded from observations of a broker and the services on it. No I/O."""

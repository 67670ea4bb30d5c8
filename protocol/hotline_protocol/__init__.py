"""What the two sides have agreed on: messages, topics, airspace and rules. Nothing here does I/O."""

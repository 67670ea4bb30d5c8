"""Answers of the HTTP interface, computed from a history of rows. No server, no I/O."""

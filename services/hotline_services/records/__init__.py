"""The monitor's record, an SQLite file: written, read, and made into recordings."""

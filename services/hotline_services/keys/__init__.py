"""Keys, certificates and passwords of a stack: who is who at its broker."""

"""Whether somebody else's centre keeps the protocol: requirements, and scenes in which they are tested."""

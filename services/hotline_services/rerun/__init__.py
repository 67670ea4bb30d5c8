"""Making a recorded run again, and comparing what comes of it with what was recorded."""

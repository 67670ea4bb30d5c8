"""What is wrong with a broker and the services on it: looking (:mod:`.looking`), and judging (:mod:`.findings`)."""

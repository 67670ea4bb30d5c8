"""The report of one run: a page that needs nothing else, to be read by people and kept beside the recording."""

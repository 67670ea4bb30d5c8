"""The formats of other programs, each made from the story of a run. No files are opened."""

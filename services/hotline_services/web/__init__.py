"""The monitor's page: what has been recorded, shown to people and programs over HTTP."""

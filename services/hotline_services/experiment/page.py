"""The frame of a report's page: it loads nothing, and follows the reader's choice of light or dark."""

from typing import Final

HEAD: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
:root {{ --ink: #1c2430; --paper: #ffffff; --soft: #5a6675; --grid: #dde2e8; --mark: #1f6feb; --wash: #f5f7fa; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ink: #e6e9ee; --paper: #12161c; --soft: #9aa5b3; --grid: #303844; --mark: #6cb0ff; --wash: #1a2029; }}
}}
body {{ margin: 2rem auto; padding: 0 1rem; max-width: 60rem; color: var(--ink); background: var(--paper);
  font: 16px/1.5 system-ui, sans-serif; }}
h1 {{ line-height: 1.2; }}
h2 {{ margin-top: 2.5rem; border-bottom: 1px solid var(--grid); }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; margin: .5rem 0 1rem; font-size: .9rem; }}
th, td {{ padding: .3rem .8rem .3rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--grid); }}
.n {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }}
small, figcaption, .note {{ color: var(--soft); }}
figure {{ margin: 1rem 0; color: var(--ink); }}
svg {{ max-width: 100%; height: auto; }}
pre, code {{ font-size: .85rem; }}
pre {{ overflow-x: auto; padding: 1rem; background: var(--wash); }}
.long {{ overflow-wrap: anywhere; }}
summary {{ cursor: pointer; margin: .5rem 0; }}
</style>
</head>
<body>
"""
FOOT: Final = """</body>
</html>
"""

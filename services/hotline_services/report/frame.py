"""The frame of a report's page: it loads nothing, and follows the reader's choice of light or dark.

What the parts are given as text is escaped here; cells and figures are markup that was made by them.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
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
:root {{ --c0: #1f6feb; --c1: #c2410c; --c2: #15803d; --c3: #9333ea; --c4: #a16207; --c5: #0e7490; --c6: #be185d;
  --c7: #64748b; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --c0: #6cb0ff; --c1: #fb923c; --c2: #4ade80; --c3: #c4a1ff; --c4: #facc15; --c5: #22d3ee; --c6: #f472b6;
    --c7: #a3b1c2; }}
}}
body {{ margin: 2rem auto; padding: 0 1rem; max-width: 60rem; color: var(--ink); background: var(--paper);
  font: 16px/1.5 system-ui, sans-serif; }}
h1 {{ line-height: 1.2; }}
h2 {{ margin-top: 2.5rem; border-bottom: 1px solid var(--grid); }}
.wide {{ overflow-x: auto; }}
caption {{ text-align: left; color: var(--soft); padding-bottom: .3rem; }}
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


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """A table of cells that are markup already."""
    head = "".join(f"<th scope=col>{escape(heading)}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    told = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<div class=wide><table>{told}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def text_cell(text: str) -> str:
    """A cell with this text."""
    return f"<td>{escape(text)}</td>"


def number_cell(text: str) -> str:
    """A cell with a number, at the right."""
    return f"<td class=n>{escape(text)}</td>"


def figure(svg: str, caption: str, told: str = "") -> str:
    """A picture with its caption; ``told`` is what it shows, in words, for those who do not see it."""
    picture = f'<div role="img" aria-label="{escape(told)}">{svg}</div>' if told else svg
    return f"<figure>{picture}<figcaption>{escape(caption)}</figcaption></figure>"


def details(summary: str, content: str) -> Iterator[str]:
    """Something that is folded up until it is asked for."""
    yield f"<details><summary>{escape(summary)}</summary>{content}</details>"

"""How a run was made, and how it is made again, as its recording's header says it."""

import shlex
from collections.abc import Iterator
from html import escape

from hotline_services.runtime.provenance import Provenance
from hotline_services.runtime.recording import Header, Live


def provenance(header: Header) -> Iterator[tuple[str, str]]:
    """How the run was made, as far as its header says it."""
    if isinstance(header.live, Live):
        people = (f"{name} ({party})" for party, names in header.live.operators.items() for name in names)
        yield "speed", f"{header.live.speed:g}" if header.live.speed else "not known"
        yield "at the desks", ", ".join(people) or "nobody"
    if isinstance(header.provenance, Provenance):
        by = header.provenance
        yield "scenario's file", by.file or "shipped"
        yield "scenario's digest", by.digest
        yield "values set", ", ".join(by.set) or "none"
        yield "program", by.program
        yield "Python", by.python


def run_again(header: Header, file: str) -> Iterator[str]:
    """The commands that make the run again, where ``file`` is the recording."""
    if header.days is not None:
        by = header.provenance if isinstance(header.provenance, Provenance) else None
        length = f"{header.days:g}" if float(f"{header.days:g}") == header.days else repr(header.days)
        words = ["hotline", "simulate", (by.file if by else "") or header.scenario, "--days", length]
        words += ["--seed", str(header.seed), *(word for text in (by.set if by else ()) for word in ("--set", text))]
        unless = "" if by else ", unless values of the scenario were changed"
        again = shlex.join([*words, "--out", "run.jsonl"])
        yield f"<p>The run again{unless}: <code>{escape(again)}</code></p>"
    if header.days is not None or header.has_journals:
        compare = shlex.join(["hotline", "rerun", file])
        yield f"<p>Run again and compared with the recording: <code>{escape(compare)}</code></p>"

"""Whom the sky believes that the deconfliction line has been moved."""

from hotline_protocol.agreement import Agreement, DeconflictionLine
from hotline_protocol.boundaries import trace_problem
from hotline_protocol.events import LineMoved


def why_unmoved(agreement: Agreement, line: DeconflictionLine, moved: LineMoved) -> str | None:
    """Why this message does not count, as "field: reason"; None when it does.

    A side of the line must have said it, and its digest must be that of this agreement with the line where it says.
    """
    owners = [party for party in (line.left, line.right) if party is not None]
    if moved.source not in owners:
        return f"source: {moved.source!r} holds no side of the line; {' and '.join(owners) or 'nobody'} does"
    there = agreement.with_trace(moved.trace)
    if there.line is not None and (problem := trace_problem(there.line)):
        return problem
    if moved.agreement != there.digest:
        return "agreement: is not the digest of the agreement with the line moved to this trace"
    return None

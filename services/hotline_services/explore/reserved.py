"""The air that a side has to keep reserved, worked out anew from its plans, its negotiations and its chains."""

from collections.abc import Iterable, Iterator

from hotline_protocol.airspace import Volume4D
from hotline_protocol.flightplan import OVER, PlanState
from hotline_protocol.lifecycle import NegotiationState
from hotline_services.aoc.centre import Centre
from hotline_services.aoc.filed import Filed
from hotline_services.aoc.talks import Talks
from hotline_services.aoc.uses import Standing, Use, grant_ref, hold_ref

Reserved = tuple[Use, tuple[Volume4D, ...]]


def misreserved(centre: Centre) -> Iterator[str]:
    """1: each reference whose air is not reserved as plans, negotiations and chains have it."""
    now = centre.now
    kept = _unexpired(centre.parts.reservations.state.uses.values(), centre)
    implied = _unexpired(_implied(centre), centre)
    for ref in sorted(kept.keys() | implied.keys()):
        if kept.get(ref) != implied.get(ref):
            is_so, should_be = _named(kept, ref), _named(implied, ref)
            yield f"{centre.party} keeps {ref} as {is_so} at {now:%H:%M}, and it should be {should_be}"


def _unexpired(reserved: Iterable[Reserved], centre: Centre) -> dict[str, Reserved]:
    return {use.ref: (use, air) for use, air in reserved if any(volume.end > centre.now for volume in air)}


def _named(reserved: dict[str, Reserved], ref: str) -> str:
    if ref not in reserved:
        return "nothing"
    use, air = reserved[ref]
    return f"{use.standing.value} ({use.priority.value}, {len(air)} legs)"


def _implied(centre: Centre) -> Iterator[Reserved]:
    parts = centre.parts
    versions = (*parts.book.plans.values(), *parts.book.pending.values())
    yield from (_of_plan(filed, parts.talks, centre.party) for filed in versions if filed.state not in OVER)
    for granting in parts.talks.granting.values():
        if granting.state is NegotiationState.HELD and granting.held is not None:
            ref = hold_ref(granting.peer, granting.id)
            use = Use(standing=Standing.THEIRS, ref=ref, user=granting.peer, priority=granting.priority)
            yield use, granting.volumes(granting.held)
    for peer, ledger in parts.ledgers.items():
        for entry in ledger.standing(centre.party, centre.now):
            ref = grant_ref(peer, entry.agreement_id)
            yield Use(standing=Standing.THEIRS, ref=ref, user=peer, priority=entry.priority), entry.volumes


def _of_plan(filed: Filed, talks: Talks, party: str) -> Reserved:
    """Wished for while it is negotiated, but for what we have said yes to; ours when it may fly."""
    standing, air = Standing.OURS, filed.volumes
    if filed.state is PlanState.NEGOTIATING:
        asking = talks.asking.get(filed.negotiation_id or "")
        if asking is not None and asking.taken is not None:
            air = asking.taken.volumes
        else:
            standing = Standing.WISHED
    return Use(standing=standing, ref=filed.ref, user=party, priority=filed.priority), air

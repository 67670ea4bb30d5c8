"""What a side knows of its negotiations is plain data: it can be written down, read back, and gone on with."""

import msgspec
import pytest

from hotline_protocol.line import Counter
from hotline_services.aoc.requests import TalksState

from .sides import RISING, AskingSide, GrantingSide


def written_and_read(state: TalksState) -> TalksState:
    return msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=TalksState)


@pytest.mark.parametrize("offers", range(4))
def test_a_negotiation_that_is_read_back_says_what_it_would_have_said(offers: int) -> None:
    asker, granter, saved = AskingSide(), GrantingSide(RISING), GrantingSide(RISING)
    asker.negotiation_id = granter.negotiation_id
    asker.asking = msgspec.structs.replace(asker.asking, id=granter.negotiation_id)
    standing = asker.open().offer
    said = granter.propose()
    saved.propose()
    for _ in range(offers):
        (answer,) = said
        if not isinstance(answer, Counter):
            break
        counter = granter.counter(answer.offer, 0)
        granter.take(counter)
        saved.take(counter)
        said = granter.said()
    before = TalksState(asking={asker.asking.id: asker.asking}, granting={("ru", saved.granting.id): saved.granting})
    after = written_and_read(before)
    assert after == before
    asker.asking = after.asking[asker.asking.id]
    asker.concur(standing)
    assert asker.asking.taken is not None
    saved.granting = after.granting["ru", saved.granting.id]
    for side in (granter, saved):
        side.said()
        if side.granting.ours is not None:
            side.take(side.counter(side.granting.ours.digest, 0))
    assert [type(message) for message in saved.said()] == [type(message) for message in granter.said()]
    assert saved.granting == granter.granting

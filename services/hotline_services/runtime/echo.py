"""A message that a service, or a guest in its name, sends to itself: every shell takes it, and none acts upon it."""

from hotline_protocol.service import Resend

from .clock import wall_clock


def echo(name: str, message_id: str) -> Resend:
    """The message of this id. It asks its own source for what that has never said."""
    return Resend(
        id=message_id,
        source=name,
        seq=0,
        time=wall_clock(),
        to=name,
        wanted_epoch="0",
        first_seq=1,
        last_seq=1,
    )

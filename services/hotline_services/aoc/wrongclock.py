"""Which peers have a machine whose clock is so far off that their services do not begin."""

from hotline_protocol.service import Health

from .state import NetworkState


class WrongClocks:
    """The peers of which that is known. That such a one does not answer is no failure of the line."""

    def __init__(self) -> None:
        self.state = NetworkState()

    def note(self, health: Health) -> None:
        """What a peer's sign of life, or its will, tells of its clock."""
        (self.state.wrong_clocks.add if health.is_off else self.state.wrong_clocks.discard)(health.source)

    def __contains__(self, peer: str) -> bool:
        return peer in self.state.wrong_clocks

"""Which peers are on the network, and which of them have a machine whose clock is wrong."""

from typing import Final

from hotline_protocol.service import Health, Presence

from .internal import PeerDown, PeerUp
from .state import NetworkState
from .voice import Voice


class Network:
    """The peers as their signs of life, and their wills, tell. It holds those whose clocks are known to be wrong.

    Services do not begin on a machine whose clock is far off. That such a peer does not answer is no failure of the
    line.
    """

    def __init__(self, peers: tuple[str, ...], voice: Voice) -> None:
        self.peers: Final = peers
        self._voice = voice
        self.state = NetworkState()

    def __contains__(self, peer: str) -> bool:
        return peer in self.state.wrong_clocks

    def hear(self, health: Health) -> None:
        """A sign of life of anybody: that of a peer tells whether it is there, and has been away meanwhile."""
        peer, sessions = health.source, self.state.sessions
        if peer not in self.peers:
            return
        (self.state.wrong_clocks.add if health.is_off else self.state.wrong_clocks.discard)(peer)
        if health.presence is Presence.DOWN:
            self._voice.tell(PeerDown(peer))
        elif sessions.get(peer) != health.session:
            self._voice.tell(PeerUp(peer))
        sessions[peer] = health.session if health.presence is Presence.UP else ""

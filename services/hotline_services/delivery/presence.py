"""Which of the health messages that keep coming are news."""

from hotline_protocol.service import Health, Presence

Presences = dict[str, tuple[Presence, str, bool]]
"""By service: its presence, its session, and whether its clock is off."""


class Peers:
    """Who is up, by their latest births and wills. A will of an earlier session says nothing of the present one."""

    def __init__(self) -> None:
        self._latest: Presences = {}

    def news(self, health: Health) -> bool:
        """Whether presence or session has changed, or whether its clock is too far off."""
        now = (health.presence, health.session, health.is_off)
        before = self._latest.get(health.source)
        late_will = before is not None and before[0] is Presence.UP and before[1] != health.session
        if before == now or (health.presence is Presence.DOWN and late_will):
            return False
        self._latest[health.source] = now
        return True

    def is_down(self, name: str) -> bool:
        """Whether the last that was heard of them is that they are gone."""
        latest = self._latest.get(name)
        return latest is not None and latest[0] is Presence.DOWN

    def save(self) -> Presences:
        """A copy as plain data."""
        return dict(self._latest)

    def load(self, saved: Presences) -> None:
        """Replace everything by what was saved."""
        self._latest = dict(saved)

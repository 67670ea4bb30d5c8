"""What a source plays in: parties, the line and the zones, as far as they are known for certain."""

from typing import Final

from hotline_protocol.message import Digest
from hotline_protocol.theatre import theatre_now
from hotline_services.aoc.config import StrainModel
from hotline_services.director.scenario import Scenario
from hotline_services.export.formats.captions import ILLUSTRATIVE
from hotline_services.monitor.history import History
from hotline_services.monitor.rows import AgreementRow, AnnouncementRow, CallRow, LineRow, PlanRow

from .schema import Setting, Source

NOTE: Final = f"The line's trace is {ILLUSTRATIVE}."


def setting(source: Source, history: History, scenario: Scenario | None, played: Digest | None, note: str) -> Setting:
    """The setting of this source by this scenario, if its agreement is the one that was ``played`` under.

    ``played`` is None when it is not known: then it is taken to be. ``note`` is what else there is to say.
    """
    bounds = theatre_now().bounds_deg
    if scenario is None:
        notes = [note, "The scenario is not known: neither the line nor the zones are shown."]
        heard, told = _heard_of(history), _together(notes)
        return Setting(source=source, disclaimer=NOTE, parties=heard, note=told, bounds_deg=bounds)
    disclaimer = _disclaimer(scenario)
    parties = {name: scenario.parties[name].title or name for name in scenario.agreement.parties}
    if played not in {None, scenario.agreement.digest}:
        other = f"It was played under another agreement than that of {scenario.name}: its line and zones are not shown."
        told = _together([note, other])
        return Setting(source=source, disclaimer=disclaimer, parties=parties, note=told, bounds_deg=bounds)
    agreement = scenario.agreement
    return Setting(
        source=source,
        disclaimer=disclaimer,
        parties=parties,
        partners=agreement.partners,
        line=agreement.line,
        zones=agreement.zones,
        blocks=agreement.altitude_blocks,
        note=note,
        bounds_deg=bounds,
        tension=any(party.strain.model is not StrainModel.NONE for party in scenario.parties.values()),
    )


def _disclaimer(scenario: Scenario) -> str:
    said = " ".join(scenario.disclaimer.split())
    return said if "illustrative" in said else _together([said, NOTE])


def _together(notes: list[str]) -> str:
    return " ".join(filter(None, notes))


def _heard_of(history: History) -> dict[str, str]:
    """Who has acted as a party."""
    names = {
        *(row.party for row in history.rows(PlanRow)),
        *(row.party for row in history.rows(AnnouncementRow)),
        *(row.party for row in history.rows(LineRow)),
        *(row.granter for row in history.rows(AgreementRow)),
        *(name for row in history.rows(CallRow) for name in (row.caller, row.callee)),
    }
    return {name: name for name in sorted(filter(None, names))}

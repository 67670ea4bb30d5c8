"""What is said in a call beside the bargaining, as the person at the desk is told of it."""

from typing import Final

from hotline_protocol.injection import AdviceKind
from hotline_protocol.line import Advise, Noted, OnCall, Protest
from hotline_services.monitor.wording import words
from hotline_services.monitor.worldlog import place

PASSED_ON: Final = {
    AdviceKind.INQUIRY: "asked",
    AdviceKind.WARNING: "warned",
    AdviceKind.OPERATION: "told of an operation",
    AdviceKind.STOP_REQUEST: "asked to stop what flies",
}


def spoken(message: OnCall, speaker: str) -> str | None:
    """That the speaker protested, asked, warned, or noted what was said; None for what is told otherwise."""
    match message:
        case Protest():
            what = f"protested: {words(message.kind.value)} at {place(message.at)}"
            statement = message.statement
        case Advise(advice=advice):
            what, statement = f"{PASSED_ON[advice.kind]}, at {place(advice.at)}", advice.statement
        case Noted():
            what, statement = "noted what was said", ""
        case _:
            return None
    return f'{speaker} {what}: "{statement}"' if statement else f"{speaker} {what}."

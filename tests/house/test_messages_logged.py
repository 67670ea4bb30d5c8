"""Every message has a line in the duty log, or is left out on purpose. What a centre hears: test_dispatch.py."""

import pytest

from hotline_protocol import describe
from hotline_protocol.examples import examples
from hotline_protocol.message import Message
from hotline_services.monitor.dutylog import DutyLog

NOT_LOGGED = {
    "CallEnded": "the hang-up has been told",
    "LedgerChanged": "entries are told as they are said",
    "FlightBegan": "the sky knows what nobody has said",
    "PathChanged": "the sky knows what nobody has said",
    "FlightFlown": "the sky knows what nobody has said",
    "Tracks": "the sky knows what nobody has said",
    "TakeDesk": "the centre tells who sits there",
    "LeaveDesk": "the centre tells who sits there",
    "Clock": "housekeeping",
    "Receipt": "housekeeping",
}
"""Messages without a line in the duty log, and why."""


@pytest.mark.parametrize("kind", describe.messages(), ids=lambda kind: kind.__name__)
def test_a_message_has_a_line_in_the_duty_log_or_is_left_out_on_purpose(kind: type[Message]) -> None:
    (example,) = (each for each in examples() if type(each) is kind)
    line = DutyLog().line(example)
    assert (line is None) is (kind.__name__ in NOT_LOGGED), (
        f"services/hotline_services/monitor/dutylog.py has this line for {kind.__name__}: {line}"
    )

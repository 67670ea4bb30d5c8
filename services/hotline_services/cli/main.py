"""The `hotline` command."""

import errno
import os
import sys
from importlib.metadata import version
from typing import Final

from cyclopts import App, Group

from hotline_services.output_encoding import make_outputs_encodable

from .exits import INTERRUPTED

BAD_OUTPUT: Final = 2
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})

PLAY: Final = Group.create_ordered("Play")
LOOK: Final = Group.create_ordered("Look at the record")
SERVE: Final = Group.create_ordered("Services and the protocol")

# The sentence stands here so that the list of commands is shown without importing any of them.
COMMANDS: Final = (
    ("demo", "demo:demo", PLAY, "Play a scenario live on this machine, with a broker and every service."),
    ("simulate", "simulate:simulate", PLAY, "Play a scenario as fast as it goes, without a broker, for its figures."),
    ("experiment", "experiment:experiment", PLAY, "Run a scenario with and without changes, in pairs, and compare."),
    ("explore", "explore:explore", PLAY, "Try every interleaving of the centres of a small world, for what is wrong."),
    ("calibrate", "calibrate:calibrate", PLAY, "Measure the published figures in simulated runs, each with its band."),
    ("replay", "replay:replay", PLAY, "Show a recording, or two side by side, on the page."),
    ("console", "console:console", PLAY, "Sit at a party's desk: answer the phone, and bargain."),
    ("inject", "inject:inject", PLAY, "Hand flight plans to a centre, and tell what became of them."),
    ("watch", "following:watch", PLAY, "Follow what is said, live."),
    ("calls", "queries:calls", LOOK, "List the calls: who rang whom, why, how long it took, and how it ended."),
    ("escalations", "queries:escalations", LOOK, "List what strained the relation, in whose eyes, and what caused it."),
    ("agreements", "queries:agreements", LOOK, "List what was granted, to whom, and whether it was given back."),
    ("negotiations", "queries:negotiations", LOOK, "List the negotiations, and what came of them."),
    ("plans", "queries:plans", LOOK, "List the plans with the state that each is in."),
    ("crossings", "worldqueries:crossings", LOOK, "List the flights that crossed the line or entered a zone."),
    ("encounters", "worldqueries:encounters", LOOK, "List where aircraft lost separation, and how close they came."),
    ("flights", "worldqueries:flights", LOOK, "List what was flown, and how far it kept to its air."),
    ("strain", "worldqueries:strain", LOOK, "List how strained each side was, step by step, with the sums."),
    ("debrief", "debrief:debrief", LOOK, "Report what one side did at its desk, after an exercise."),
    ("volume", "queries:volume", LOOK, "Count the calls, with their times and the load of the line."),
    ("status", "standing:status", LOOK, "Tell how things stand: services, the line, the ledgers."),
    ("recording", "recording:recording", LOOK, "Write a record as a recording, one JSON line a message."),
    ("export", "export:export", LOOK, "Write a run for other programs: tables, maps over time, a radar display."),
    ("report", "report:report", LOOK, "Write a page on a run, with plots and a map: one file that needs nothing else."),
    ("aco", "aco:aco", LOOK, "Read and write Airspace Control Orders (USMTF text) as reserved volumes."),
    ("rerun", "rerun:rerun", LOOK, "Make a recorded run again, and compare it with the recording."),
    ("rebuild", "queries:rebuild", LOOK, "Make the tables of a record again from its messages."),
    ("run", "run:run", SERVE, "Run one service against a broker."),
    ("health", "health:health", SERVE, "Tell whether a service is up, as a container's health check asks it."),
    ("doctor", "doctor:doctor", SERVE, "Look at a broker, and tell what is wrong and what to do."),
    ("party", "party:party", SERVE, "Add a party to the compose stack, remove one, or give one new keys."),
    ("keys", "keys:keys", SERVE, "Make the CA, certificates and passwords of a stack, and show passwords."),
    ("access", "access:access", SERVE, "Print the broker's address with user and password, for any MQTT client."),
    ("conformance", "conformance:conformance", SERVE, "Examine somebody else's centre: does it keep the protocol?"),
    ("asyncapi", "asyncapi:asyncapi", SERVE, "Print the AsyncAPI document of the protocol."),
)


def command_line(asked: str = "") -> App:
    """The application. The command ``asked`` for explains itself at length, the others by their sentence."""
    app = App(
        name="hotline",
        help="A testbed for deconfliction hotlines: air operations centres that ring each other up over MQTT.",
        version=lambda: version("hotline"),
    )
    for name, where, group, sentence in COMMANDS:
        # A sentence given here would stand in the place of the command's own help.
        app.command(f"hotline_services.cli.{where}", name=name, group=group, help=None if name == asked else sentence)
    return app


def main() -> None:
    """Run the command line. Ctrl-C, an output that takes no more, and a terminal that lacks a character end no command
    with a traceback.
    """
    _have_outputs()
    make_outputs_encodable()
    try:
        try:
            command_line(next(iter(sys.argv[1:]), ""))()
        finally:
            sys.stdout.flush()  # else what cannot be written is found out when nobody can say so any more
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has had enough
        sys.exit(0)
    except OSError as error:
        if error.errno not in FULL:
            raise
        sys.stderr.write(f"hotline: the output cannot be written: {error.strerror}. Make room, or have it elsewhere.\n")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left of it is not tried again
        sys.exit(BAD_OUTPUT)


def _have_outputs() -> None:
    """Who closed our outputs wants to hear nothing."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123  for as long as we run


if __name__ == "__main__":
    main()

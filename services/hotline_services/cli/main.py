"""The `hotline` command."""

import sys
from importlib.metadata import version
from typing import Final

from cyclopts import App, Group

INTERRUPTED: Final = 130

PLAY: Final = Group.create_ordered("Play")
LOOK: Final = Group.create_ordered("Look at the record")
SERVE: Final = Group.create_ordered("Services and the protocol")

COMMANDS: Final = (
    ("demo", "demo:demo", PLAY),
    ("simulate", "simulate:simulate", PLAY),
    ("inject", "inject:inject", PLAY),
    ("watch", "following:watch", PLAY),
    ("calls", "queries:calls", LOOK),
    ("escalations", "queries:escalations", LOOK),
    ("agreements", "queries:agreements", LOOK),
    ("negotiations", "queries:negotiations", LOOK),
    ("plans", "queries:plans", LOOK),
    ("volume", "queries:volume", LOOK),
    ("status", "standing:status", LOOK),
    ("recording", "queries:recording", LOOK),
    ("rebuild", "queries:rebuild", LOOK),
    ("run", "run:run", SERVE),
    ("health", "health:health", SERVE),
    ("asyncapi", "asyncapi:asyncapi", SERVE),
)

app: Final = App(
    name="hotline",
    help="A testbed for deconfliction hotlines: air operations centres that ring each other up over MQTT.",
    version=lambda: version("hotline"),
)
for name, where, group in COMMANDS:
    app.command(f"hotline_services.cli.{where}", name=name, group=group)


def main() -> None:
    """Run the command line; Ctrl-C ends any command without a traceback."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has had enough
        sys.exit(0)


if __name__ == "__main__":
    main()

"""What is left to do when the terminal is closed under a console."""

import errno
import os
import termios
from typing import Final

OUTPUTS: Final = (1, 2)  # by number: whoever draws on the terminal has put something else in the place of sys.stdout


def let_go_of_a_closed_terminal() -> None:
    """Have what is still written to a terminal that is gone go nowhere, rather than raise an error."""
    for fd in OUTPUTS:
        try:
            termios.tcgetattr(fd)
        except termios.error as error:  # any other error is that of a file or a pipe, which are still there
            if error.args[0] == errno.EIO:
                os.dup2(os.open(os.devnull, os.O_WRONLY), fd)

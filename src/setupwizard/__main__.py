"""Where the program starts: a sub-command or a terminal leads to the command line, everything else to the window."""

from __future__ import annotations

import sys


def console() -> None:
    """Run the console program: the command line, the text face, or the window when there is a display."""
    from setupwizard.cli.main import main

    sys.exit(main(sys.argv[1:]))


def windowed() -> None:
    """Run the windowed program."""
    from setupwizard.cli.main import open_window

    sys.exit(open_window())


if __name__ == "__main__":
    console()

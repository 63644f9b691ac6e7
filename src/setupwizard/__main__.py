"""Where the program starts: a sub-command or a terminal leads to the command line, everything else to the window."""

from __future__ import annotations

import sys
from pathlib import Path

from setupwizard import platforms
from setupwizard.tools import guard


def console() -> None:
    """Run the console program: the command line, the text face, or the window when there is a display.

    Without a word and with a display it is the window, and the command line is not even loaded: it would cost as much
    time as the window itself.
    """
    if sys.argv[1:] == ["_guard"]:
        guard.main(sys.stdin.buffer)
        return
    _be_a_child()
    if not sys.argv[1:] and platforms.has_display():
        windowed()
    from setupwizard.cli.main import main

    sys.exit(main(sys.argv[1:], open_window))


def _be_a_child() -> None:
    """Do the work of a child of ours, or what an uninstaller asks, and end with it, if we were started for that."""
    if not (sys.argv[1:] and sys.argv[1].startswith("_")):
        return
    if sys.argv[1] == "_window":
        from setupwizard.gui import self_test

        sys.exit(self_test.main(Path(sys.argv[2])))
    if sys.argv[1] == "_environments":
        from setupwizard.workflow import leaving

        sys.exit(leaving.main(sys.argv[2]))
    from setupwizard.probes import children

    if sys.argv[1] in children.WORDS:
        sys.exit(children.run(sys.argv[1:]))


def windowed() -> None:
    """Run the windowed program."""
    _be_a_child()
    sys.exit(open_window())


def open_window() -> int:
    """Open the wizard's window and return the exit code when it is closed."""
    from setupwizard.gui.app import main

    return main(sys.argv)


if __name__ == "__main__":
    console()

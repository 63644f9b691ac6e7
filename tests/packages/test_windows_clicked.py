"""The installed program for Windows as a person uses it: windows, mouse and keys on a screen, in Wine."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from helpers.desktop import Desktop, end_group, wait_for
from packages.conftest import FULL, LAB, TOP, seen_by_windows
from packages.test_windows import environment_at
from setupwizard.gui.state import PAGES
from setupwizard.gui.tokens import LIGHT

pytestmark = [FULL, pytest.mark.timeout(3000)]

PICTURES = TOP / "build" / "packages" / "screenshots-windows"
TITLE = "PyTorch Setup"
INSTALLED = r"C:\users\root\AppData\Local\Programs\setupwizard"
PRIMARY = (88, 35)
"""Where the middle of the main button is, from the right and the bottom of the window."""
STEPS = (20, 36)
"""The list of steps at the left of the window: where only the one that is lit shows, and the middle of the marks."""
STEPS_TOP, STEPS_HIGH = 60, 480
GAP = 10
"""Less than this lies between the parts of a mark, more between two marks; all in pixels."""
SECONDS = 900
"""The deadline of one step, on a machine that has much else to do; the first PC also compiles the program."""
MINUTES = 60


class Pc:
    """A PC of the lab with a screen, while a script runs on it."""

    def __init__(self, name: str, desktop: Desktop, process: "subprocess.Popen[bytes]") -> None:
        self.drive = LAB / "share" / "pcs" / name / "drive_c"
        self.desktop = desktop
        self.process = process

    def windows(self, title: str) -> list[str]:
        argv = ["xdotool", "search", "--onlyvisible", "--name", title]
        return subprocess.run(argv, env=self.desktop.env, capture_output=True, text=True, check=False).stdout.split()

    def await_window(self, title: str, *, but: tuple[str, ...] = (), seconds: float = SECONDS) -> str:
        def look() -> str:
            assert self.process.poll() is None, "the script has ended"
            return next((one for one in self.windows(title) if one not in but), "")

        return str(wait_for(f"a window {title!r}", look, seconds, every=0.5))

    def await_painted(self, name: str) -> Path:
        file = PICTURES / name
        wait_for("a painted window", lambda: colours(self.desktop.screenshot(file)) > 100, SECONDS, every=1)
        return file

    def place(self, window: str) -> dict[str, int]:
        told = self.desktop.xdotool("getwindowgeometry", "--shell", window)
        return {name: int(value) for name, value in re.findall(r"^(\w+)=(-?\d+)$", told, re.MULTILINE)}

    def page(self, window: str, name: str) -> int:
        """Take a picture and return which page it shows."""
        place = self.place(window)
        return page_in(self.desktop.screenshot(PICTURES / name), (place["X"], place["Y"]))

    def click(self, window: str) -> None:
        """Press the main button at the right of the bottom with the mouse."""
        place = self.place(window)
        x, y = place["WIDTH"] - PRIMARY[0], place["HEIGHT"] - PRIMARY[1]
        self.desktop.xdotool("mousemove", "--window", window, x, y, "sleep", 0.2, "click", 1)

    def keys(self, window: str, *names: str) -> None:
        self.desktop.xdotool("windowactivate", window, "sleep", 0.5, "key", "--delay", 100, *names)


@contextmanager
def pc_with_a_screen(name: str, desktop: Desktop, script: str, tmp_path: Path) -> Iterator[Pc]:
    if not (LAB / "python.done").is_file():
        pytest.skip(f"no lab stands in {LAB}: packaging/lab/make.sh builds one")
    PICTURES.mkdir(parents=True, exist_ok=True)
    with (tmp_path / "said.txt").open("wb") as said:
        process = subprocess.Popen(
            [TOP / "packaging" / "lab" / "pcs" / "pc.sh", name, "bash", "-c", script],
            env={**desktop.env, "SETUPWIZARD_LAB": str(LAB), "HOME": "/root"},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield Pc(name, desktop, process)
        finally:
            end_group(process)  # the group: bash alone would first wait for what it started


def colours(file: Path) -> int:
    told = subprocess.run(["identify", "-format", "%k", file], capture_output=True, text=True, check=True)
    return int(told.stdout)


def pixels(picture: Path, *part: str) -> list[str]:
    """Return the colours of a picture, or of the part of it that a word of ImageMagick's cuts out, as `#RRGGBB`."""
    argv = ["convert", picture, *part, "-depth", "8", "rgb:-"]
    data = subprocess.run(argv, capture_output=True, check=True).stdout.hex().upper()
    return [f"#{data[at : at + 6]}" for at in range(0, len(data), 6)]


def page_in(picture: Path, corner: tuple[int, int]) -> int:
    """Return which page a picture shows, 0 for none: it is told by how many steps stand below the one that is lit."""
    beside, through = (
        pixels(picture, "-crop", f"1x{STEPS_HIGH}+{corner[0] + across}+{corner[1] + STEPS_TOP}") for across in STEPS
    )
    lit = [y for y, colour in enumerate(beside) if colour == LIGHT.card]
    if not lit:
        return 0
    # its round corners reach a pixel or two further down where the marks are
    marks = [y for y, colour in enumerate(through) if y > lit[-1] + GAP // 2 and colour != LIGHT.rail]
    return len(PAGES) - sum(y - before > GAP for before, y in pairwise([0, *marks]))


def test_the_installed_window_shows_the_card_and_goes_on(installer, desktop, tmp_path):
    """On the PC with the RTX 4060: what the Start menu leads to opens the window, and a click leads to page 2."""
    program = INSTALLED + r"\setupwizard-gui.exe"
    script = f"wine '{seen_by_windows(installer)}' /S; wine '{program}'"
    with pc_with_a_screen("laptop-rtx4060-581", desktop, script, tmp_path) as pc:
        window = pc.await_window(TITLE)
        menu = pc.drive / "users/root/AppData/Roaming/Microsoft/Windows/Start Menu/Programs"
        link = (menu / f"{TITLE}.lnk").read_bytes()  # read, as Wine itself opens none
        assert INSTALLED.encode("utf-16-le") in link
        assert "setupwizard-gui.exe".encode("utf-16-le") in link
        pc.await_painted("page-1.png")
        # The sign that a card was found and is ready is the only thing on the page in this colour.
        wait_for(
            "the card",
            lambda: pixels(desktop.screenshot(PICTURES / "page-1.png")).count(LIGHT.ok_soft) > 500,
            SECONDS,
            every=2,
        )
        assert pc.page(window, "page-1.png") == 1
        pc.click(window)
        wait_for("page 2", lambda: pc.page(window, "page-2.png") == 2, SECONDS, every=2)


def test_clicked_through_to_a_proved_torch(installer, desktop, tmp_path):
    """Silent install, then nothing but the mouse, to the last page: torch for the processor is taken and proved.

    On a PC that lacks the runtime of Visual C++ and says so: other PCs of the lab have it as a name alone.
    """
    check = f"wine '{INSTALLED}\\setupwizard.exe' verify --level import --json >/tmp/verified.json"
    script = f"""
        wine '{seen_by_windows(installer)}' /S
        wine '{INSTALLED}\\setupwizard-gui.exe'
        {check} && cp /tmp/verified.json "$WINEPREFIX/drive_c/verified.json"
        touch "$WINEPREFIX/drive_c/through"
        sleep {SECONDS}
        """
    with pc_with_a_screen("office-old-runtime", desktop, script, tmp_path) as pc:
        window = pc.await_window(TITLE)
        pc.await_painted("clicked-1.png")
        journal = pc.drive / "pytorch" / "journal.jsonl"

        def begun() -> bool:
            if journal.is_file() and '"started"' in journal.read_text("utf-8"):
                return True
            pc.click(window)  # Check my computer, Next, Install: each as soon as it can be pressed
            return False

        wait_for("the start of the install", begun, SECONDS, every=6)
        desktop.screenshot(PICTURES / "clicked-2.png")
        current = pc.drive / "pytorch" / "current.json"

        def ended() -> bool:
            desktop.screenshot(PICTURES / "clicked-3.png")
            return current.is_file() or '"finished"' in journal.read_text("utf-8")

        wait_for("the end of the install", ended, MINUTES * 60, every=10)
        assert current.is_file(), "see clicked-3.png"
        (report,) = wait_for(
            "the report", lambda: list((pc.drive / "pytorch" / "reports").glob("report-*.json")), SECONDS
        )
        assert json.loads(report.read_text("utf-8"))["verdict"] == "pass"
        assert report.with_suffix(".html").is_file()

        def at_the_end() -> bool:
            if pc.page(window, "clicked-4.png") == len(PAGES):
                return True
            pc.click(window)
            return False

        wait_for("the last page", at_the_end, SECONDS, every=6)
        pc.click(window)
        wait_for("the end of the program", lambda: window not in pc.windows(TITLE), SECONDS, every=1)
        wait_for("the proof by the command line", (pc.drive / "through").is_file, SECONDS, every=2)
        proof = json.loads((pc.drive / "verified.json").read_text("utf-8"))
        assert proof["torch"]["variant"] == "cpu"
        assert {check["id"]: check["status"] for check in proof["checks"]}["import"] == "pass"


def test_the_uninstaller_asks_about_each_environment(installer, desktop, tmp_path):
    """The first is kept, the second is not wanted: it goes, and what else lies in its folder stays."""
    script = rf"""
        c="$WINEPREFIX/drive_c"
        wine '{seen_by_windows(installer)}' /S
        {environment_at("pytorch")}
        {environment_at("second")}
        echo mine >"$c/second/thesis.txt"
        mkdir -p "$c/users/root/AppData/Local/setupwizard"
        echo '{{"roots": ["C:\\second"]}}' >"$c/users/root/AppData/Local/setupwizard/environments.json"
        wine '{INSTALLED}\uninstall.exe'
        sleep {SECONDS}
        """
    with pc_with_a_screen("office-no-gpu", desktop, script, tmp_path) as pc:
        page = pc.await_window("Uninstall")
        time.sleep(2)
        desktop.screenshot(PICTURES / "uninstall-1.png")
        pc.keys(page, "Return")
        first = pc.await_window("Uninstall", but=(page,))
        time.sleep(1)
        desktop.screenshot(PICTURES / "uninstall-2.png")
        pc.keys(first, "Return")
        second = pc.await_window("Uninstall", but=(page, first))
        time.sleep(1)
        desktop.screenshot(PICTURES / "uninstall-3.png")
        pc.keys(second, "Tab", "Return")
        programs = pc.drive / "users" / "root" / "AppData" / "Local" / "Programs"
        wait_for("the end of the program", lambda: not programs.exists(), SECONDS, every=1)
        desktop.screenshot(PICTURES / "uninstall-4.png")
        assert (pc.drive / "pytorch" / "gens" / "0001").is_dir()
        assert not (pc.drive / "second" / "gens").exists()
        assert (pc.drive / "second" / "thesis.txt").is_file()

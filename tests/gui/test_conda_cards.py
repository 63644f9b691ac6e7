"""Every error that conda may end with has its card: its first button is pressed, and it goes away.

The whole program is behind the window, as in test_error_cards.py. conda is the stand-in of conda_shim.py, found in the
home folder; it ends as the real one does, until somebody has mended what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from gui.internet import RealVisit, begin, done, met, planned
from helpers.conda_channel import Channel, fill
from helpers.conda_endings import ENDINGS
from helpers.conda_shim import install_shim
from helpers.wheel_server import WheelServer
from setupwizard.probes.condas import condas
from setupwizard.probes.roots import Roots
from setupwizard.sentences import SENTENCES

pytestmark = [pytest.mark.linux_only("a conda of shell and links"), pytest.mark.timeout(240)]

OURS = "Leave the choice to us"
AGAIN = "Try again"
FOLDER = "Choose another folder"
ANEW = "Make the plan again"
_ENDINGS = {ending.code: ending for ending in ENDINGS}


class Shown(NamedTuple):
    """A card of conda's. `when`: conda tells what it would do ("plan"), or does it ("make"); `fixes`: its buttons."""

    when: str
    fixes: tuple[str, ...]


CARDS = {
    "conda-usage": Shown("plan", (OURS, AGAIN)),
    "conda-terms": Shown("plan", (OURS, AGAIN)),
    "conda-unsatisfiable": Shown("plan", (OURS,)),
    "conda-no-cuda": Shown("plan", (OURS,)),
    "conda-package-missing": Shown("plan", (OURS,)),
    "conda-plan-unclear": Shown("plan", (OURS, AGAIN)),
    "conda-path": Shown("plan", (FOLDER, OURS)),
    "conda-folder-taken": Shown("make", (FOLDER, OURS)),
    "conda-not-writable": Shown("make", (FOLDER, AGAIN, OURS)),
    "conda-environment-missing": Shown("make", (ANEW, OURS)),
    "conda-disk-full": Shown("make", (FOLDER, AGAIN, OURS)),
    "conda-network": Shown("plan", (AGAIN, OURS)),
    "conda-link-dropped": Shown("make", (AGAIN, OURS)),
    "conda-file-missing": Shown("make", (ANEW, OURS)),
    "conda-checksum": Shown("make", (AGAIN, OURS)),
    "conda-interrupted": Shown("make", (AGAIN, OURS)),
}


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a channel with Python and pip; return the address that it lies below."""
    pytest.importorskip("rattler", reason="py-rattler has no wheel for this Python")
    folder = tmp_path_factory.mktemp("channel")
    fill(Channel(folder), payload=1000)
    with WheelServer(folder) as server:
        yield server.base


class Miniforge:
    """The installation of conda in the home folder."""

    def __init__(self, home: Path, channel: str) -> None:
        self._folder, self._channel = home / "miniforge3", channel
        self.mend()

    def mend(self) -> None:
        install_shim(self._folder, self._channel)

    def ends_as(self, code: str) -> None:
        if code == "conda-plan-unclear":
            install_shim(self._folder, self._channel, defect="no-hash")
            return
        ending = _ENDINGS[code]
        words = {"returncode": ending.returncode, "stdout": ending.stdout, "stderr": ending.stderr}
        install_shim(self._folder, self._channel, **{CARDS[code].when: words})


@pytest.fixture
def miniforge(real: RealVisit, channel: str, monkeypatch: pytest.MonkeyPatch) -> Miniforge:
    """The window is open on a computer with conda, which is chosen."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    installed = Miniforge(real.home, channel)
    found = condas(Roots(root=real.folder, home=real.home, environ={}))
    real.computer.machine = replace(real.computer.machine, condas=found)
    begin(real)
    real.window.flow.tell(choices=replace(real.state.choices, installer="conda"))
    return installed


def _first_button_helps(real: RealVisit, miniforge: Miniforge, code: str) -> None:
    """See the card of an ending, press its first button, and see that what follows comes."""
    when, fixes = CARDS[code]
    met(real, code, *fixes)
    facts = re.split(r"\{\w+\}", SENTENCES[code].title)  # type: ignore[index]  # a code of the table
    assert re.search(".+".join(map(re.escape, facts)), real.texts()), "the sentence, whatever its facts are"
    if AGAIN in fixes:
        real.fix(AGAIN)
        assert real.error is None, "it really tries"
        met(real, code, *fixes)
    if fixes[0] != OURS:
        miniforge.mend()  # else nobody mends conda: it is the way around it
    root = real.folder / code if fixes[0] == FOLDER else Path(real.state.choices.root)
    real.desktop.answer = str(root)
    real.fix(fixes[0])
    if (fixes[0], when) == (AGAIN, "make"):
        done(real)
        return
    planned(real)
    plan = real.state.plan
    assert plan is not None
    assert (plan.backend, plan.root) == ("uv" if fixes[0] == OURS else "conda", str(root))


def _made_by_conda(real: RealVisit) -> bool:
    current = Path(real.state.choices.root) / "current"
    return any(current.glob("conda-meta/python-*.json")) and any(current.glob("lib/python3*/site-packages/torch"))


def test_cards_of_what_conda_says_while_it_plans(real: RealVisit, miniforge: Miniforge) -> None:
    for code in (code for code, card in CARDS.items() if card.when == "plan"):
        miniforge.ends_as(code)
        real.window.flow.tell(choices=replace(real.state.choices, installer="conda", source="official"))
        real.to_build() if real.page != "build" else real.window.flow.make_plan()
        _first_button_helps(real, miniforge, code)


def test_cards_of_what_conda_says_while_it_works_that_need_another_plan(real: RealVisit, miniforge: Miniforge) -> None:
    for code in (code for code, card in CARDS.items() if card.when == "make" and card.fixes[0] != AGAIN):
        miniforge.ends_as(code)
        real.install()
        _first_button_helps(real, miniforge, code)
    real.install()
    done(real)
    assert _made_by_conda(real)


@pytest.mark.parametrize(
    "code", [code for code, card in CARDS.items() if (card.when, card.fixes[0]) == ("make", AGAIN)]
)
def test_cards_of_what_conda_says_while_it_works_that_need_another_try(
    code: str, real: RealVisit, miniforge: Miniforge
) -> None:
    miniforge.ends_as(code)
    real.install()
    _first_button_helps(real, miniforge, code)
    assert _made_by_conda(real)

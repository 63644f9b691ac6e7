"""The way to the driver: the right command of the distribution, what will happen, and what to mind."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from helpers.machines import intel, linux, nvidia, windows
from setupwizard.model.driver_help import DriverHelp, driver_help
from setupwizard.model.machine import Machine, Surroundings
from setupwizard.model.recommendation import Action
from setupwizard.steps.recommend import recommend


def way(machine: Machine) -> DriverHelp:
    decision = recommend(machine)
    assert decision.verdict == "fix-driver"
    found = driver_help(decision.actions[0], machine)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("system", "command"),
    [
        ("Ubuntu 24.04.3 LTS", "sudo ubuntu-drivers install"),
        ("Linux Mint 22", "sudo ubuntu-drivers install"),
        ("Debian GNU/Linux 13 (trixie)", "sudo apt install nvidia-driver firmware-misc-nonfree"),
        ("Fedora Linux 43 (Workstation Edition)", "sudo dnf install akmod-nvidia"),
        ("Arch Linux", "sudo pacman -S nvidia-open"),
    ],
)
def test_a_linux_is_told_its_own_command(system: str, command: str) -> None:
    assert way(linux(nvidia("8.9"), os_version=system)).commands == (command,)


def test_an_old_card_is_told_the_branch_that_still_knows_it() -> None:
    found = way(linux(nvidia("6.1"), os_version="Ubuntu 24.04.3 LTS"))
    assert found.commands == ("sudo ubuntu-drivers install nvidia:580",)


def test_an_unknown_linux_is_told_no_command() -> None:
    found = way(linux(nvidia("8.9"), os_version="Slackware 15.0"))
    assert found.commands == ()
    assert found.url.startswith("https://www.nvidia.com/")


@pytest.mark.parametrize("facts", [{"wsl": True}, {"environment": Surroundings(container="docker")}])
def test_inside_of_another_system_no_command_is_told(facts: dict[str, object]) -> None:
    assert way(linux(nvidia("8.9"), os_version="Ubuntu 24.04", **facts)).commands == ()


def test_what_a_distribution_brings_is_told_where_it_is_less_than_the_newest_needs() -> None:
    notes = " ".join(way(linux(nvidia("8.9"), os_version="Debian GNU/Linux 12 (bookworm)")).notes)
    assert "branch 535" in notes
    assert "non-free" in notes


def test_windows_is_told_the_size_and_the_page() -> None:
    found = way(windows(nvidia("8.9")))
    assert found.commands == ()
    assert found.url == "https://www.nvidia.com/en-us/drivers/"
    assert "900 MB" in found.notes[0]


def test_secure_boot_and_optimus_are_said_in_plain_words() -> None:
    plain = linux(nvidia("8.9"), intel("Iris Xe", integrated=True), os_version="Ubuntu 24.04")
    notes = " ".join(way(replace(plain, environment=Surroundings(secure_boot=True))).notes)
    assert "Enroll MOK" in notes
    assert "two graphics processors" in notes
    assert "Enroll MOK" not in " ".join(way(plain).notes)


def test_other_actions_have_no_driver_to_bring() -> None:
    assert driver_help(Action(code="restart", text=""), linux()) is None

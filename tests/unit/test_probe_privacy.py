"""Names of people leave a machine document, and this user's home folder comes back."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from setupwizard.model.machine import Disk, Finding, FoundConda, FoundPython, FoundTorch, Machine, Said, Toolkit
from setupwizard.model.wire import from_json, to_json
from setupwizard.probes.privacy import expand, redacted
from setupwizard.tools.redaction import redact_text

HOME = PurePosixPath("/home/ana")
MACHINE = Machine(
    os="linux",
    arch="x86_64",
    gpus=(),
    pythons=(FoundPython(path="/home/ana/.pyenv/versions/3.12.4/bin/python3.12", version="3.12.4"),),
    condas=(FoundConda(path="/home/ana/miniforge3/bin/conda"), FoundConda(path="/home/bob/miniforge3/bin/conda")),
    toolkits=(Toolkit(version="13.0.88", path="/usr/local/cuda-13.0"),),
    torches=(FoundTorch(env="/media/ana/disk/env", version="2.13.0"),),
    disks=(Disk(path="/home/ana", free_bytes=1, total_bytes=2),),
    findings=(Finding(code="x", level="info", text="In /home/ana.", evidence=("open /home/ana/.cache: no",)),),
)


def test_no_name_is_left() -> None:
    text = to_json(redacted(MACHINE, home=HOME, user="ana"))
    assert "ana" not in text
    assert "bob" not in text
    assert "/usr/local/cuda-13.0" in text
    assert '"~/.pyenv/versions/3.12.4/bin/python3.12"' in text
    assert "/home/user/miniforge3" in text
    assert "/media/user/disk/env" in text
    assert "open ~/.cache: no" in text


def test_the_home_folder_comes_back_on_the_same_computer() -> None:
    read = from_json(Machine, to_json(redacted(MACHINE, home=HOME, user="ana")).encode(), name="machine.json")
    back = expand(read, home=HOME)
    assert back.pythons == MACHINE.pythons
    assert back.condas[0] == MACHINE.condas[0]
    assert back.condas[1].path == "/home/user/miniforge3/bin/conda"
    assert back.disks == MACHINE.disks


def test_names_of_computers_and_serial_numbers_go_too() -> None:
    said = Said(
        source="kernel", lines=("mar 06 15:10:43 CS3003NS gdm3[7055]: modprobe: ERROR", "on CS3003NS.lab.example")
    )
    finding = Finding(
        code="x",
        level="info",
        text="x",
        evidence=("Serial Number : 0324516789012", "<serial>1322719</serial>", "Serial: N/A", "CS3003NSX"),
    )
    disk = Disk(path="\\\\SRV-FILES7\\home", free_bytes=1, total_bytes=2)
    machine = Machine(os="windows", arch="x86_64", gpus=(), said=(said,), findings=(finding,), disks=(disk,))
    safe = redacted(machine, home=HOME, user="ana", host="CS3003NS.lab.example")
    assert safe.said[0].lines == ("mar 06 15:10:43 host gdm3[7055]: modprobe: ERROR", "on host")
    assert safe.findings[0].evidence == ("Serial Number : ...", "<serial>...</serial>", "Serial: N/A", "CS3003NSX")
    assert safe.disks[0].path == "\\\\host\\home"


@pytest.mark.parametrize("host", ["", "ubuntu", "torch", "pc"])
def test_a_computer_called_like_a_common_word_spoils_no_sentence(host: str) -> None:
    finding = Finding(code="x", level="info", text="torch on ubuntu with a pc", evidence=())
    machine = Machine(os="linux", os_version="ubuntu 24", arch="x86_64", gpus=(), findings=(finding,))
    assert redacted(machine, home=HOME, user="ana", host=host) == machine


def test_redacting_twice_changes_nothing_more() -> None:
    once = redacted(MACHINE, home=HOME, user="ana")
    assert redacted(once, home=HOME, user="ana") == once


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/home/ana", "~"),
        ("/home/ana/x", "~/x"),
        ("/home/anabel/x", "/home/user/x"),
        ("/mnt/home/ana/x", "/mnt/home/user/x"),
        ("at '/home/ana/x', again", "at '~/x', again"),
        ("/home/linuxbrew/.linuxbrew/bin", "/home/linuxbrew/.linuxbrew/bin"),
        ("/Users/Shared/x", "/Users/Shared/x"),
        ("/Users/carla/x", "/Users/user/x"),
        (r"C:\Users\Carla\x", r"C:\Users\user\x"),
        ("banana", "banana"),
        ("ana", "ana"),
        ("nvidia-smi: 0, NVIDIA GeForce", "nvidia-smi: 0, NVIDIA GeForce"),
        ("/usr/share/ana/x", "/usr/share/ana/x"),
        ("/run/media/ana/disk", "/run/media/user/disk"),
        ("via http://ana:secret@proxy:3128/", "via http://proxy:3128/"),
    ],
)
def test_names_homes_and_passwords_leave_a_text(text: str, expected: str) -> None:
    assert redact_text(text, home=HOME, user="ana") == expected


@pytest.mark.parametrize("home", ["/", "relative"])
def test_a_home_that_is_no_folder_of_a_person_spoils_no_path(home: str) -> None:
    assert (
        redact_text("/usr/bin/python3 and relative/x", home=PurePosixPath(home), user="")
        == "/usr/bin/python3 and relative/x"
    )


def test_root_is_a_home_and_no_name() -> None:
    home = PurePosixPath("/", "root")
    assert redact_text(f"{home}/.pyenv", home=home, user="root") == "~/.pyenv"
    assert redact_text(f"/data{home}/x", home=home, user="root") == f"/data{home}/x"


def test_a_user_called_like_a_maker_keeps_the_system_readable() -> None:
    text = redact_text("/usr/lib/nvidia/x", home=PurePosixPath("/home/nvidia"), user="nvidia")
    assert text == "/usr/lib/nvidia/x"

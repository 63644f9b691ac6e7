"""Everything of ours that reads a text which another program or the system wrote, by name."""

from __future__ import annotations

from collections.abc import Callable

from helpers.recorded import FIXTURES
from setupwizard.probes import (
    adapters,
    cuda,
    jetson,
    kernel_log,
    kfd,
    linux,
    macos,
    nvml,
    pci,
    smi_text,
    toolkits,
    torches,
)
from setupwizard.probes.answers import pci_address
from setupwizard.tools.process import ProcessResult


def text_of(name: str) -> str:
    return smi_text.readable((FIXTURES / name).read_bytes())


def ended(text: str, code: int | None = 0) -> ProcessResult:
    return ProcessResult(argv=("nvidia-smi",), returncode=code, stdout=text)


def files() -> list[str]:
    every = (path for path in sorted(FIXTURES.rglob("*")) if path.is_file())
    return [path.relative_to(FIXTURES).as_posix() for path in every]


def read_list_of_names(text: str) -> object:
    return pci.parse_names(text.splitlines(), ["10de:28e0"])


READERS: dict[str, Callable[[str], object]] = {
    "nvidia-smi": lambda text: smi_text.parse(ended(text, 0)),
    "nvidia-smi, seven columns": lambda text: smi_text.parse(ended(text, 1), smi_text.FIELDS[:7]),
    "unknown field": lambda text: smi_text.unknown_field(ended(text)),
    "kernel log": kernel_log.parse,
    "NVML's child": lambda text: nvml.answer(text.splitlines(), ended="x"),
    "CUDA's child": cuda.answer,
    "KFD": kfd.parse,
    "macOS": macos.parse_displays,
    "toolkit's list": toolkits.parse_version_json,
    "compiler": toolkits.parse_compiler,
    "torch": torches.parse_version_file,
    "address": pci_address,
    "PCI id": adapters.pci_id,
    "Windows' version": adapters.nvidia_version,
    "module": linux.parse_module,
    "os-release": linux.parse_os_release,
    "Jetson Linux": jetson.parse_release,
    "list of names": read_list_of_names,
}

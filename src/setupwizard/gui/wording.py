"""Words for the stable codes of the documents, as the pages use them; every function speaks the present language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from setupwizard.codes import ActionCode, LimitedBy, StepId
from setupwizard.codes import Backend as Installer
from setupwizard.gui.state import PageName
from setupwizard.i18n import N_, _, ngettext
from setupwizard.model.format import format_rate, listed
from setupwizard.model.naming import system_name, variant_name, vendor_name
from setupwizard.model.settings import Preferences

if TYPE_CHECKING:
    from setupwizard.model.machine import Gpu, Machine
    from setupwizard.model.plan import Plan
    from setupwizard.model.recommendation import Build

_PAGES: dict[PageName, str] = {
    "start": N_("Start"),
    "computer": N_("Your computer"),
    "build": N_("Choose a build"),
    "install": N_("Install"),
    "verify": N_("Check it works"),
    "finish": N_("Finish"),
}
_ACTIONS: dict[ActionCode, str] = {
    "install-nvidia-driver": N_("Open the NVIDIA driver page"),
    "update-nvidia-driver": N_("Open the NVIDIA driver page"),
    "replace-nvidia-driver": N_("Open the NVIDIA driver page"),
    "use-amd-index": N_("Open AMD's page"),
    "use-jetson-index": N_("Open the Jetson page"),
    "install-vc-runtime": N_("Get it from Microsoft"),
    "update-os": N_("Read more"),
}
_STEPS: dict[StepId, str] = {
    "probe": N_("Asking the download servers"),
    "resolve": N_("Working out the exact packages"),
    "python": N_("Checking Python"),
    "fetch": N_("Downloading"),
    "create": N_("Creating a private Python environment"),
    "install": N_("Unpacking the packages"),
    "audit": N_("Comparing every file with its package"),
    "verify": N_("Checking that PyTorch works"),
    "switch": N_("Putting it in use"),
    "clean": N_("Tidying up"),
}
_LIMITS: dict[LimitedBy, str] = {
    "server": N_("The download server sets the speed."),
    "line": N_("Your internet connection sets the speed."),
    "disk": N_("The disk sets the speed."),
    "cpu": N_("The processor sets the speed."),
}
_INSTALLERS: dict[Installer, str] = {"uv": N_("pip (uv)"), "pip": N_("pip"), "conda": N_("conda")}


def page_name(page: PageName) -> str:
    """Return the name of a page in the step list."""
    return _(_PAGES[page])


def system_line(machine: Machine) -> str:
    """Return the system of a computer: "Windows 10.0.26100, x86_64"; a Linux is called by its distribution."""
    words = (system_name(machine.os) if machine.os != "linux" or not machine.os_version else "", machine.os_version)
    name = " ".join(word for word in words if word)
    return listed(word or "" for word in (name, machine.arch, machine.libc))


def card_name(gpu: Gpu) -> str:
    """Return what a card is called; one without a name is called by its maker."""
    return gpu.name or _("{vendor} graphics card").format(vendor=vendor_name(gpu.vendor) or _("Unknown"))


def short_name(card: str) -> str:
    """Return a card's name without its makers' words: "RTX 4060"."""
    name = re.sub(r"^(NVIDIA|AMD|Intel(\(R\))?)\s+((GeForce|Radeon(\(TM\))?|Graphics)\s+)?", "", card)
    return name.removesuffix(" GPU").removesuffix(" Laptop")


def card_kind(gpu: Gpu) -> str:
    """Return what kind of card it is, where that is known."""
    if gpu.integrated:
        return _("Integrated graphics")
    if gpu.laptop:
        return _("Laptop graphics card")
    return _("Graphics card") if gpu.integrated is False else ""


def locked_sentence(held: Preferences) -> str:
    """Return who fixed a setting, with the reason in the administrator's own words."""
    if held.reason:
        return _("Set by the administrator of this computer: {reason}").format(reason=held.reason)
    return _("Set by the administrator of this computer.")


_LIMIT_STEPS = (0, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000)


def limit_texts(present: int) -> list[tuple[str, str]]:
    """Return limits for the speed of downloads, as (bytes a second, words); the present one is among them."""
    rates = sorted({*_LIMIT_STEPS, present})
    return [(str(rate), format_rate(rate) if rate else _("None")) for rate in rates]


def companions_of(build: Build) -> list[str]:
    """Return what comes along with a build, each with its version."""
    named = (("torchvision", build.torchvision), ("torchaudio", build.torchaudio))
    return [f"{name} {version}" for name, version in named if version is not None]


def torch_name(torch: str) -> str:
    """Return a release as people write it; what is made every night is called a preview."""
    return _("Preview ({version})").format(version=torch) if ".dev" in torch else torch


def source_button(source: str, name: str) -> str:
    """Return what the button of a download server says; the first is known by what it is, not by its address."""
    return _("Official") if source == "official" else name


def build_title(build: Build) -> str:
    """Return a build as a headline: "PyTorch 2.15.0 for CUDA 13.0"."""
    if build.variant == "cpu" and build.platform != "macos_arm64":
        return _("PyTorch {version}, CPU version").format(version=build.torch)
    return _("PyTorch {version} for {platform}").format(
        version=build.torch, platform=variant_name(build.variant, build.platform)
    )


def build_summary(build: Build) -> str:
    """Return a build in a few words for the step list."""
    return listed((build.torch, variant_name(build.variant, build.platform)))


def action_button(code: ActionCode) -> str:
    """Return the text of the button for an action, empty when there is nothing to press."""
    return _(_ACTIONS[code]) if code in _ACTIONS else ""


def step_doing(step: StepId) -> str:
    """Return what a step is doing while it runs."""
    return _(_STEPS[step])


def limit_sentence(limit: LimitedBy) -> str:
    """Return what limits the speed."""
    return _(_LIMITS[limit])


def installer_name(installer: Installer) -> str:
    """Return what an installer is called."""
    return _(_INSTALLERS[installer])


def packages_sentence(plan: Plan | None) -> str:
    """Return what the download step is called."""
    if plan is None or not plan.packages:
        return _("Download the packages")
    count = len(plan.packages)
    return ngettext("Download {count} package", "Download {count} packages", count).format(count=count)


def package_of(file: str) -> str:
    """Return the package that a wheel's file name begins with, as its authors write it."""
    return file.rsplit("/", 1)[-1].split("-", 1)[0].replace("_", "-")

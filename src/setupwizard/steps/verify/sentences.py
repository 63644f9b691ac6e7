"""What a person reads about a stage: what happened, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Any

from msgspec.structs import replace

from setupwizard.codes import CheckId
from setupwizard.i18n import N_, _
from setupwizard.model.format import enumerated
from setupwizard.model.stages import figure_title
from setupwizard.model.verification import Check

_CLOSE_PROGRAMS = N_("Close other programs that use the graphics card, then check again.")
_RESTART = N_("Restart the computer, then check again.")
_REINSTALL = N_("Install again; if it stays so, choose another build.")
_NVIDIA_PAGE = N_(
    "Install the newest driver for the card from https://www.nvidia.com/drivers, restart, then check again."
)
_VC_PAGE = N_(
    "Install the Microsoft Visual C++ runtime from https://aka.ms/vs/17/release/vc_redist.x64.exe, then check again."
)
_COOL = N_("Look at the cooling: free the air vents, clean the fans, then check again.")
_CHECK_HARDWARE = N_("Check again. If it stays so, the card, its memory or its power supply may be faulty.")

# cause -> (what happened, what to do next). {name} stands for a fact of the stage.
_CAUSES: dict[str, tuple[str, str]] = {
    "not-asked": (
        N_("The graphics card was not asked to calculate: that was not to be proved now."),
        N_("Prove it on the card with: setupwizard verify --level device"),
    ),
    # Python and the import
    "python-broken": (N_("The Python of this environment does not start ({exit}). {error}"), _REINSTALL),
    "no-torch": (N_("This environment holds no PyTorch."), _REINSTALL),
    "incomplete": (N_("Files of PyTorch are missing."), _REINSTALL),
    "package-missing": (N_("A package that PyTorch needs is missing: {error}"), _REINSTALL),
    "vc-runtime": (N_("Files of the Microsoft Visual C++ runtime are missing: {missing}."), _VC_PAGE),
    "missing-library": (
        N_("A library that PyTorch needs is missing: {error}"),
        N_("Install again. On Windows, install the Microsoft Visual C++ runtime first."),
    ),
    "library-init": (
        N_("Windows could not start a library of PyTorch."),
        N_("Update Windows and the Microsoft Visual C++ runtime, then check again."),
    ),
    "wrong-processor": (N_("PyTorch was built for another kind of processor than this Python."), _REINSTALL),
    "system-old": (
        N_("This system is older than the one that PyTorch was built for: {error}"),
        N_("Choose an older PyTorch, or a newer system."),
    ),
    "executable-stack": (
        N_("This system does not let PyTorch load one of its libraries."),
        N_("Choose a newer PyTorch."),
    ),
    "damaged-file": (N_("A file of PyTorch is damaged."), N_("Check the disk, then install again.")),
    "shadowed": (
        N_("A file of yours has the name of a Python module and is loaded in its place: {error}"),
        N_("Rename or remove that file, then check again."),
    ),
    "companion-mismatch": (
        N_("The torchvision that is there belongs to another PyTorch."),
        N_("Install again with the torchvision of this PyTorch, or leave it out."),
    ),
    "numpy-mismatch": (N_("NumPy does not fit this PyTorch."), _REINSTALL),
    "paging-file": (
        N_("Windows ran out of memory for programs: the paging file is too small."),
        N_("Let Windows manage the size of the paging file, restart, then check again."),
    ),
    "blocked-by-policy": (
        N_("A rule of Windows stops a library of PyTorch."),
        N_("Ask whoever manages this computer to allow the folder of the environment."),
    ),
    "blocked-by-app-control": (
        N_("Smart App Control or App Control of Windows stops a library of PyTorch."),
        N_("Ask whoever manages this computer to allow it. Leave the protection on."),
    ),
    "held-by-antivirus": (
        N_("The antivirus program stopped a library of PyTorch."),
        N_("Look at its messages, and check again when it is done. Leave the protection on."),
    ),
    "access-denied": (
        N_("PyTorch may not read one of its files."),
        N_("Look at the rights of the folder and at the antivirus program, then check again."),
    ),
    # the device
    "cpu-build": (
        N_("The processor version of PyTorch is installed: it cannot use a graphics card."),
        N_("Install the version for your card."),
    ),
    "driver-old": (N_("The graphics driver {driver} is too old for this build of PyTorch."), _NVIDIA_PAGE),
    "driver-mismatch": (N_("Two versions of the graphics driver are mixed."), _RESTART),
    "driver-compat": (
        N_("The CUDA libraries of this system are newer than its driver."),
        N_("Restart the computer. In a container, remove the CUDA compatibility package or update the driver outside."),
    ),
    "driver-starting": (
        N_("The driver has not finished starting the card."),
        N_("Wait a minute, then check again. Servers with NVSwitch need the Fabric Manager service."),
    ),
    "driver-stuck": (N_("The graphics driver does not answer properly, often after the computer slept."), _RESTART),
    "no-driver": (N_("The graphics card's driver is not installed."), _NVIDIA_PAGE),
    "no-card": (
        N_("PyTorch finds no graphics card here."),
        N_("Check that the card is plugged in and awake, and that this session or container may use it."),
    ),
    "gpu-not-seen": (
        N_("PyTorch does not see the graphics card: {error}"),
        N_("Restart the computer. If it stays so, install the card's driver again."),
    ),
    "card-busy": (N_("Another program has the graphics card for itself alone."), _CLOSE_PROGRAMS),
    "no-code": (N_("This build of PyTorch has no code for this card."), N_("Install the build that fits the card.")),
    # while it calculates
    "wrong-values": (N_("The device calculated wrong results in: {wrong}."), _CHECK_HARDWARE),
    "watchdog": (
        N_("Windows reset the graphics card because a calculation took too long."),
        N_("Close programs that use the card, plug a laptop in, then check again."),
    ),
    "card-lost": (N_("The graphics card stopped answering while it worked."), _CHECK_HARDWARE),
    "memory-fault": (N_("The graphics card reported a fault in its memory."), _CHECK_HARDWARE),
    "out-of-memory": (N_("The device has too little free memory for this stage."), _CLOSE_PROGRAMS),
    "memory-short": (N_("The device's memory is nearly full, so less of it was tested."), _CLOSE_PROGRAMS),
    "library-start": (
        N_("A calculation library of this build does not start on this card: {error}"),
        N_("Close other programs that use the card and check again. If it stays so, choose another build."),
    ),
    "error": (N_("This stage ended with a message of PyTorch: {error}"), _REINSTALL),
    # the end of the program
    "hang": (
        N_("No answer came for {limit} seconds, so the stage was ended."),
        N_("Restart the computer, then check again. If it stays so, install the card's driver again."),
    ),
    "crash": (
        N_("PyTorch broke down in this stage ({exit})."),
        N_("Update the graphics driver, restart, then check again. If it stays so, choose another build."),
    ),
    "crash-instruction": (
        N_("This PyTorch uses instructions that the processor does not have ({exit})."),
        N_("Choose an older PyTorch, or another computer."),
    ),
    "crash-disk": (
        N_("The system could not read a file that PyTorch uses ({exit})."),
        N_("Check the disk and the room in /dev/shm, then check again."),
    ),
    "killed": (
        N_("The system ended the check, most likely because the main memory was full ({exit})."),
        N_("Close other programs, then check again."),
    ),
    "ended-early": (N_("The check stopped before it was done ({exit})."), N_("Check again.")),
    "garbage": (
        N_("The check gave answers that cannot be read."),
        N_("Something in this environment changes how Python runs. Install again into a new folder."),
    ),
    # remarks
    "slow-first-call": (
        N_("The first calculation took {seconds} seconds, because the driver translated the code for this card."),
        N_("It is quick from the second time on. A build with code for this card starts faster."),
    ),
    "only-intermediate-code": (
        N_("The build has no finished code for this card; the driver translates it at the first start."),
        N_("A build with code for this card starts faster."),
    ),
    "not-listed": (N_("The build does not name this card, but calculates on it."), ""),
    "gfx-not-listed": (N_("The build does not name this card's architecture."), ""),
    "half-not-finite": (
        N_("Half precision ({kinds}) gives no usable numbers on this card, as on others of its series."),
        N_("Use float32 in your programs."),
    ),
    "attention-kernel-off": (
        N_("One of the fast attention kernels is inexact here: {strange}."),
        N_("Name another one with torch.nn.attention.sdpa_kernel, or update PyTorch."),
    ),
    "workers": (
        N_("Loading data with worker programs does not work here: {error}"),
        N_("Use num_workers=0 in your DataLoader. On Windows, let the system manage the paging file."),
    ),
    "compile": (
        N_("torch.compile does not work here: {error}"),
        N_("It is optional: models run without it."),
    ),
    "unsteady": (
        N_("The speed went up and down under load: the slowest moment had {stability} % of the fastest."),
        N_("Look at cooling and power: plug a laptop in, and give it air."),
    ),
    "heat": (N_("The card was too hot and held itself back while it was measured."), _COOL),
    "power-brake": (
        N_("The power supply held the card back while it was measured."),
        N_("Look at the power cables of the card and at the power supply; plug a laptop into its own charger."),
    ),
    "slow": (
        N_("Slower than this card usually is: {slow}."),
        N_("Close programs that use the card, then check again."),
    ),
    "slow-busy": (
        N_("Slower than this card usually is, because another program already kept it busy: {slow}."),
        _CLOSE_PROGRAMS,
    ),
    "slow-battery": (
        N_("Slower than this card usually is, because the computer runs on its battery: {slow}."),
        N_("Plug it in, then check again."),
    ),
    "slow-heat": (N_("Slower than this card usually is, because it was too hot: {slow}."), _COOL),
    "slow-power-brake": (
        N_("Slower than this card usually is, because the power supply held it back: {slow}."),
        N_("Look at the power cables of the card and at the power supply; plug a laptop into its own charger."),
    ),
    "slow-power-cap": (
        N_("Slower than this card usually is, because it reached the power limit that is set for it: {slow}."),
        N_("That limit belongs to this computer. If a quiet or battery-saving mode is on, choose the fast one."),
    ),
    "slow-laptop": (
        N_("Slower than this card usually is: {slow}. In a laptop its maker decides how much power the card gets."),
        N_("Plug the laptop in, choose its fast mode, and check again."),
    ),
    "comfort": (N_("This part did not work: {error}"), N_("PyTorch works without it.")),
    # not needed
    "no-need": (N_("This device needs no check of that kind."), ""),
    "unknown": (N_("The build does not tell which cards it was made for."), ""),
    "not-here": (N_("This device does not offer it."), ""),
    "not-installed": (N_("The package is not installed."), ""),
    "gpu-only": (N_("Only for graphics cards."), ""),
    "no-triton": (
        N_("It needs the triton package, which is not installed here. It is optional: models run without it."),
        "",
    ),
    "shared-memory": (N_("This device works in the computer's main memory, so there is nothing to copy."), ""),
    "no-time": (N_("No time was given for it."), ""),
    # not run
    "blocked": (N_("Not run, because an earlier stage has a problem."), ""),
    "no-session": (
        N_("No graphics card could be reached from here, so nothing was calculated on one."),
        N_("Check again in a session that can use the card, for example after logging in at the computer itself."),
    ),
    # the planned build
    "other-build": (
        N_("torch {planned} was planned, and torch {found} is there."),
        N_("Install again, so that the environment holds what was planned."),
    ),
}

# What a stage says when all is well.
_WELL: dict[CheckId, str] = {
    "import": N_("PyTorch {version} starts."),
    "packages": N_("It is torch {found}, as planned."),
    "device": N_("PyTorch uses {name}."),
    "arch": N_("The build has code for this card."),
    "first-kernel": N_("The first sum was right."),
    "correctness": N_("All results are right, in {types}."),
    "autograd": N_("Gradients and the steps of the optimizer are right."),
    "conv": N_("Convolutions are right."),
    "attention": N_("Attention is right."),
    "amp": N_("Training in mixed precision learns."),
    "compile": N_("torch.compile works."),
    "memory": N_("{tested} MiB were written and read back unchanged."),
    "copy-host": N_("All data arrived unchanged."),
    "copy-device": N_("All data arrived unchanged."),
    "matmul": N_("Measured."),
    "train": N_("It learned: {accuracy} % of the pictures are told apart."),
    "dataloader": N_("Every item came exactly once."),
    "torchvision": N_("torchvision {version} works."),
    "sustained": N_("It kept its speed."),
}


WELL = "well"
"""The word for a stage that was passed."""
_FASTER = N_("{speedup} times as fast as the processor, and both agree.")


class _Facts(dict[str, Any]):
    """Leaves a fact out that is missing."""

    def __missing__(self, name: str) -> str:
        return ""


def causes() -> tuple[str, ...]:
    """Return every cause that there is a sentence for."""
    return tuple(_CAUSES)


def told(check: Check, cause: str, facts: Mapping[str, Any]) -> Check:
    """Return a check with its sentences: what happened and what to do next.

    Args:
        check: the stage, however it ended.
        cause: the word of a cause, or `WELL`.
        facts: what the sentences may name; those that they do name are kept with the check.
    """
    text, advice = _sentences(check.id, cause, facts)
    named = {name for sentence in (text, advice) for _text, name, *_form in Formatter().parse(sentence) if name}
    kept = {name: _kept(facts[name]) for name in sorted(named) if name in facts}
    return retold(replace(check, cause=cause, facts=kept))


def retold(check: Check) -> Check:
    """Return a check with its sentences made again, in the present language; one of another hand stays as it is."""
    if not check.cause:
        return check
    text, advice = _sentences(check.id, check.cause, check.facts)
    words = _Facts({name: _words(name, fact) for name, fact in check.facts.items()})
    return replace(
        check,
        text=tidy(_(text).format_map(words)) if text else "",
        advice=_(advice).format_map(words) if advice else "",
    )


def _sentences(stage: CheckId, cause: str, facts: Mapping[str, Any]) -> tuple[str, str]:
    if cause != WELL:
        return _CAUSES.get(cause, _CAUSES["error"])
    return (_FASTER if stage == "matmul" and "speedup" in facts else _WELL.get(stage, "")), ""


def _kept(fact: object) -> str | tuple[str, ...]:
    return tuple(str(item) for item in fact) if isinstance(fact, list | tuple) else str(fact)


def _words(name: str, fact: str | tuple[str, ...]) -> str:
    """Return a fact as a person reads it: lists as lists, figures by their titles."""
    if isinstance(fact, str):
        return fact
    return enumerated(figure_title(item) for item in fact) if name == "slow" else enumerated(fact)


def tidy(text: str) -> str:
    """Take the marks off that are left when a fact was missing."""
    for empty, instead in ((" ()", ""), ("  ", " "), (": .", "."), (": .", ".")):
        text = text.replace(empty, instead)
    return text.rstrip(": ") + "." if text.endswith(": ") else text.strip()

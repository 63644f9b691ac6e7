"""Documents as sentences and short tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from setupwizard.i18n import _, ngettext
from setupwizard.model.doctor import Doctor
from setupwizard.model.events import Outcome
from setupwizard.model.format import format_bytes, format_duration, listed
from setupwizard.model.machine import Gpu, Machine
from setupwizard.model.naming import source_name
from setupwizard.model.plan import Plan, PlanSource, about_folder
from setupwizard.model.recommendation import Build, Recommendation
from setupwizard.model.self_test import SelfTest
from setupwizard.model.stages import figure_text, figure_title, stage_sentence
from setupwizard.model.verification import Verification
from setupwizard.workflow import Root, activation_line

_SPEEDS = frozenset(("matmul", "copy-device", "copy-host", "sustained"))
_MOST_OTHERS = 5
"""Other builds that are named in a terminal; --json has all of them."""
MARKS = {"info": " ", "warn": "!", "problem": "x"}


def table(rows: Iterable[tuple[str, str]]) -> str:
    """Return names and values one below the other; a row without a value is left out."""
    pairs = [(name, value) for name, value in rows if value]
    width = max((len(name) for name, _value in pairs), default=0)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in pairs)


def machine(found: Machine) -> str:
    """Return a computer as a table."""
    driver = found.nvidia_driver
    rows = [
        (_("System"), " ".join(word for word in (found.os, found.os_version, found.arch, found.libc) if word)),
        *((_("Graphics card"), _card(gpu)) for gpu in found.gpus),
        (_("NVIDIA driver"), driver.version if driver else ""),
        (_("Driver supports CUDA up to"), (driver.cuda if driver else None) or ""),
        (_("Memory"), format_bytes((found.memory_mib or 0) << 20)),
        *((_("Free space"), f"{disk.path}: {format_bytes(disk.free_bytes)}") for disk in found.disks),
        *(("Python", f"{python.version}  {python.path}") for python in found.pythons),
        *((python.kind or "conda", python.path) for python in found.condas),
        *(("torch", f"{torch.version}  {torch.env}") for torch in found.torches),
    ]
    if not found.gpus:
        rows.insert(1, (_("Graphics card"), _("none found")))
    notes = "\n".join(f"[{MARKS[finding.level]}] {finding.text}" for finding in found.findings)
    return table(rows) + (f"\n\n{notes}" if notes else "")


def _card(gpu: Gpu) -> str:
    facts = [gpu.name or gpu.vendor]
    if gpu.memory_mib:
        facts.append(format_bytes(gpu.memory_mib << 20))
    if gpu.compute_capability:
        facts.append(_("compute capability {number}").format(number=gpu.compute_capability))
    if gpu.gfx:
        facts.append(gpu.gfx)
    return ", ".join(facts)


def build_line(build: Build) -> str:
    """Return a build in one line."""
    words = [f"PyTorch {build.torch}", f"({build.variant})", f"Python {build.python}"]
    return " ".join(words)


def recommendation(answer: Recommendation) -> str:
    """Return a decision with its reasons: what it is, why, what to do, what else there is."""
    lines = [_headline(answer)]
    if answer.build is not None:
        lines.append(f"  {build_line(answer.build)}  {answer.build.requirement}")
        if answer.build.index_url:
            lines.append(f"  {answer.build.index_url}")
    lines += [f"  - {reason.text}" for reason in answer.reasons]
    for action in answer.actions:
        lines.append("  > " + action.text + (f" {action.url}" if action.url else ""))
    if answer.after is not None:
        lines.append(_("After that: {build}").format(build=build_line(answer.after)))
    lines += [
        _("For cards {cards}: {build}").format(cards=", ".join(map(str, part.gpus)), build=build_line(part.build))
        for part in answer.parts
        if part.gpus
    ]
    lines += [
        f"  {choice.file}: {build_line(choice.build) if choice.build else _('none')}" for choice in answer.machines
    ]
    others = [f"{build.torch} {build.variant}" for build in answer.alternatives[:_MOST_OTHERS]]
    if others:
        lines.append(_("These run here too: {builds}.").format(builds=listed(others)))
    if answer.rejected:
        lines.append(_("Not chosen:"))
        lines += [f"  {row.torch}+{row.variant}: {row.text}" for row in answer.rejected]
    return "\n".join(lines)


def _headline(answer: Recommendation) -> str:
    if any(reason.code == "wish-unmet" for reason in answer.reasons):
        return _("Nothing that runs here is what you chose.")
    if answer.verdict == "gpu" and answer.after is not None:
        return _("Your graphics card can run PyTorch, and there is more to be had.")
    return {
        "gpu": _("Your graphics card can run PyTorch."),
        "cpu": _("The processor build is the right one for this computer."),
        "fix-driver": _("The graphics driver comes first."),
        "fix-hardware": _("The graphics card cannot be reached."),
        "change-python": _("This Python has no right build."),
        "other-route": _("Another publisher's builds serve this computer."),
        "split": _("No single build serves all of these."),
        "unsupported-os": _("PyTorch has no build for this system."),
    }[answer.verdict]


def plan(made: Plan) -> str:
    """Return a plan: what will be there, from where, how much, and every step."""
    packages = "\n".join(f"  {package.name} {package.version}" for package in made.packages)
    steps = "\n".join(f"  {step.title}" for step in made.steps)
    settings = "\n".join(f"  {row.name} = {row.value}  ({row.origin})" for row in made.source.settings)
    tried = "\n".join(f"  {source.text}" for source in made.tried)
    parts = [plan_in_short(made), _("Download servers asked:") + "\n" + tried]
    if settings:
        parts.append(_("Settings of yours that take part:") + "\n" + settings)
    parts.append(_("Packages:") + "\n" + packages)
    parts.append(_("Steps:") + "\n" + steps)
    return "\n\n".join(parts)


def plan_in_short(made: Plan) -> str:
    """Return what a plan comes down to, as a table."""
    need = made.disk[0] if made.disk else None
    rows = [
        (_("Install"), build_line(made.build)),
        (_("Into"), made.root),
        (_("From"), f"{_source(made.source)}. {made.source.why}"),
        (_("Instead of the recommended one"), made.why_other or ""),
        (_("Installed by"), made.backend),
        (_("Python"), f"{made.python.version}  {made.python.path or ''}"),
        (_("Download"), format_bytes(made.download_bytes)),
        (
            _("Room"),
            _("about {need} needed, {free} free").format(
                need=format_bytes(need.need_bytes), free=format_bytes(need.free_bytes)
            )
            if need and made.changes
            else "",
        ),
        (_("Carried over for you"), ", ".join(made.carried)),
        (_("Will not be carried over"), ", ".join(made.not_carried)),
        (_("Worth knowing"), about_folder(made) or ""),
    ]
    facts = table(rows)
    return facts if made.changes else facts + "\n" + _("It is already there: nothing would be changed.")


def _source(source: PlanSource) -> str:
    """Return what a source is called, with the word that --source takes for it."""
    name = source_name(source.id)
    return name if name == source.id else f"{name} ({source.id})"


def outcome(ended: Outcome) -> str:
    """Return how a job ended, in a few sentences."""
    if ended.error is not None:
        return f"{ended.error.title}.\n{ended.error.advice}"
    if ended.status == "already-done":
        text = _("It is already there and complete. Nothing was changed.")
        return text if ended.current else _("There was nothing to do.")
    if ended.status == "planned" and ended.generation is None:
        return _("Nothing was changed. Tidying up would give back {size}.").format(size=format_bytes(ended.freed_bytes))
    if ended.status == "planned":
        return _("Nothing was changed. A run would download {size}.").format(size=format_bytes(ended.fetched_bytes))
    lines = [_("Done: {root}").format(root=ended.root)]
    if ended.fetched_bytes or ended.reused_bytes:
        lines.append(
            _("Downloaded {fetched}, already there {reused}.").format(
                fetched=format_bytes(ended.fetched_bytes), reused=format_bytes(ended.reused_bytes)
            )
        )
    if ended.freed_bytes:
        lines.append(_("{size} given back.").format(size=format_bytes(ended.freed_bytes)))
    if ended.removed:
        count = len(ended.removed)
        lines.append(ngettext("{count} old item removed.", "{count} old items removed.", count).format(count=count))
    if ended.verification is not None:
        lines.append(verification(ended.verification))
    return "\n".join(lines)


def turn_on(root: Root) -> str:
    """Return how the environment of a root is turned on."""
    return _("Turn it on in a terminal: {command}").format(command=activation_line(root))


def verification(proof: Verification) -> str:
    """Return a proof: the verdict first, then what was not green, then the figures."""
    verdicts = {
        "pass": _("PyTorch works: every check was passed."),
        "warn": _("PyTorch works. Something is worth knowing:"),
        "fail": _("PyTorch does not work as it should:"),
        "not-verified": _("It could not be proved that PyTorch works on the device."),
    }
    lines = [verdicts[proof.verdict]]
    lines += [f"  {stage_sentence(check)}" for check in proof.checks]
    lines += [
        f"  {figure_title(figure.name)}: {figure_text(figure)}"
        for check in proof.checks
        if check.id in _SPEEDS
        for figure in check.figures
    ]
    lines.append(_("Took {time}.").format(time=format_duration(proof.seconds)))
    return "\n".join(lines)


def doctor(document: Doctor) -> str:
    """Return what was found in an environment: the causes, what proves each, and the cure."""
    torch = document.torch
    name = f"torch {torch.version}" if torch is not None else _("no PyTorch")
    lines = [_("{folder}: {torch}").format(folder=document.env, torch=name)]
    if document.fixed:
        count = len(document.fixed)
        lines.append(ngettext("{n} problem is cured.", "{n} problems are cured.", count).format(n=count))
    if not document.causes:
        lines.append(_("PyTorch works here. Nothing needs to be done."))
    for cause in document.causes:
        lines.append(f"  {cause.text}")
        lines += [f"    {text}" for text in cause.evidence]
        if cause.fix is not None:
            lines.append(f"    {cause.fix.text}")
            lines += [f"      {change}" for change in cause.fix.changes]
            if cause.fix.download_bytes is not None:
                lines.append("      " + _("{size} to download").format(size=format_bytes(cause.fix.download_bytes)))
    if any(cause.fix is not None for cause in document.causes):
        lines.append(_("Add --fix to have it carried out; you are asked first."))
    return "\n".join(lines)


def self_test(told: SelfTest) -> str:
    """Return what a copy of the program says of itself, check by check."""
    words = {"pass": _("works"), "fail": _("does not work"), "skip": _("not tried")}
    rows = [(check.id, f"{words[check.status]}: {check.text}") for check in told.checks]
    head = f"setupwizard {told.version}, Python {told.python}, {told.os}"
    last = (
        _("This copy of the program is complete.")
        if told.passed
        else _("This copy of the program is not complete. Install it again; nothing of yours was changed.")
    )
    return f"{head}\n\n{table(rows)}\n\n{last}"

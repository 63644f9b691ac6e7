"""What a person would type to get the same packages by hand."""

from __future__ import annotations

from urllib.parse import urlsplit

from setupwizard.model.catalogue import load_catalogue
from setupwizard.model.plan import FAMILY, Plan


def command(plan: Plan) -> str:
    """Return the lines that lead to the packages of a plan, empty where its source cannot be named in one.

    It is one line of pip; where conda makes the environment its own line stands before it, or alone where everything
    comes from conda-forge.

    An index of its own for each variant is written as on pytorch.org: the place says the variant, the versions do not.
    Everywhere else the versions say it, and pip's own settings are left to pip.
    """
    if plan.backend == "conda":
        made = [shell_line(step.argv) for step in plan.steps if step.id == "create" and step.argv]
        rest = _pip_line(plan) if plan.source.id != "conda-forge" else ""
        return "\n".join(line for line in (*made, rest) if line)
    return _pip_line(plan)


def _pip_line(plan: Plan) -> str:
    kind = plan.source.kind
    if kind in {"pip-config", "general"}:
        return _line(plan, tagged=True)
    if kind in {"folder", "bundle"}:
        folder = _folder(plan)
        return _line(plan, "--no-index", "--find-links", folder, tagged=True) if folder else ""
    url = next((source.url for source in load_catalogue().sources if source.id == plan.source.id), None)
    if url is None:
        return ""
    place = url.replace("{variant}", plan.build.variant)
    if kind == "find-links":
        return _line(plan, "--find-links", place, tagged=True)
    return _line(plan, "--index-url", place, tagged=False)


def shell_line(argv: tuple[str, ...]) -> str:
    """Return a program with its arguments as one reads it; words with spaces stand in quotes."""
    return " ".join(f'"{word}"' if not word or " " in word else word for word in argv)


def _line(plan: Plan, *options: str, tagged: bool) -> str:
    versions = {package.name: package.version for package in plan.packages}
    versions.setdefault("torch", plan.build.requirement.partition("==")[2])
    names = [
        f"{name}=={versions[name] if tagged else versions[name].partition('+')[0]}"
        for name in FAMILY
        if name in versions
    ]
    return shell_line(("pip", "install", *names, *options))


def _folder(plan: Plan) -> str:
    """Return the folder that the wheel of torch lies in."""
    url = next((package.url for package in plan.packages if package.name == "torch"), "")
    from urllib.request import url2pathname  # half of http comes with it

    parts = urlsplit(url)
    path = url2pathname(parts.path) if parts.scheme == "file" else ""
    return path[: max(path.rfind("/"), path.rfind("\\"), 0)]

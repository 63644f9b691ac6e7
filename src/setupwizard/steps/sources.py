"""The places that wheels may come from: those that the program knows by name, and those that a user names."""

from __future__ import annotations

from pathlib import Path

from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.catalogue import Catalogue
from setupwizard.model.format import listed
from setupwizard.model.naming import source_name
from setupwizard.probes.listings import SourceSpec
from setupwizard.tools.redaction import without_login


def known_sources(catalogue: Catalogue) -> dict[str, SourceSpec]:
    """Return every source that the program knows by name: the official index, mirrors, pip's own, the general one."""
    specs = [
        SourceSpec(id=source.id, name=source_name(source.id, source.name), kind=source.kind, url=source.url)
        for source in catalogue.sources
    ]
    official = [spec for spec in specs if spec.id == "official"]
    mirrors = [spec for spec in specs if spec.id != "official"]
    machine = [
        SourceSpec(id="pip-config", name=source_name("pip-config"), kind="pip-config"),
        SourceSpec(id="general", name=source_name("general"), kind="general"),
    ]
    return {spec.id: spec for spec in (*official, *mirrors, *machine)}


def named_sources(word: str, known: dict[str, SourceSpec]) -> tuple[SourceSpec, ...]:
    """Return the sources that a word of the user's stands for.

    An address may be the index of one variant, or the folder above it that has one index for each: both are asked.
    """
    if word in known:
        return (known[word],)
    if word.startswith(("http://", "https://")):
        name, url = without_login(word), word.rstrip("/")
        here = SourceSpec(id="named", name=name, kind="index", url=url)
        if "{variant}" in url:
            return (here,)
        return (here, SourceSpec(id="named-by-variant", name=f"{name}/VARIANT", kind="index", url=url + "/{variant}"))
    folder = Path(word).expanduser()
    if folder.is_dir():
        return (SourceSpec(id="folder", name=str(folder), kind="folder", url=str(folder.resolve())),)
    names = listed(known)
    raise SetupError(
        "usage",
        what=_("--source {word} is neither a known name ({names}), nor an address, nor a folder").format(
            word=word, names=names
        ),
    )


def why_from(spec: SourceSpec) -> str:
    """Return why a source is the one, for a person."""
    texts = {
        "index": _("{name} has the build and answers."),
        "find-links": _("{name} has the build and answers."),
        "pip-config": _("The places that pip on this computer is set up to use have the build."),
        "general": _("The general package index has the build."),
        "folder": _("You named this folder."),
        "bundle": _("You named this bundle."),
    }
    return texts[spec.kind].format(name=spec.name)

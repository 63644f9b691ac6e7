"""Write what goes with a package: the licence of everything in it, the notice of the LGPL, and a CycloneDX SBOM.

Usage: papers.py RECORDS FOLDER NAME [EXTRA.toml]
  RECORDS  a folder with the .dist-info folders of the libraries in the package
  FOLDER   gets licences/ and NAME.cdx.json
  EXTRA    what carries no record of its own: [[part]] name, version, licence, url, purl, files = [licence files]
"""

import shutil
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import Distribution, distributions
from os import environ
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

OURS = "setupwizard"
_LICENCE_FILES = ("licen", "copying", "notice", "authors")
_LICENCE = LicenseFactory()
HERE = Path(__file__).resolve().parent


def licence_of(one: Distribution) -> str:
    """Return what a record says about the licence: the expression, else the old field, else the classifier."""
    data = one.metadata
    short = (data.get("License") or "").strip().splitlines()
    classifiers = [
        text.rpartition(" :: ")[2] for text in data.get_all("Classifier") or () if text.startswith("License")
    ]
    return (
        data.get("License-Expression") or (short[0] if short and len(short[0]) < 60 else "") or "; ".join(classifiers)
    )


def licence_files(one: Distribution) -> Iterator[Path]:
    for file in one.files or ():
        name = file.name.lower()
        if (
            ".dist-info" in file.parts[0]
            and name.startswith(_LICENCE_FILES)
            and (path := Path(file.locate())).is_file()
        ):
            yield path


def copy_licences(libraries: list[Distribution], extra: list[dict], folder: Path) -> list[str]:
    """Copy every licence text; return the names of the parts for which none was found."""
    bare = []
    for name, files in [
        *((one.name, list(licence_files(one))) for one in libraries),
        *((part["name"], [Path(file) for file in part.get("files", ())]) for part in extra),
    ]:
        for file in files:
            target = folder / name / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
        if not files:
            bare.append(name)
    for file in sorted((HERE / "licences").iterdir()):
        shutil.copyfile(file, folder / file.name)
    return bare


def component(name: str, version: str, licence: str, url: str | None, purl: PackageURL | None) -> Component:
    return Component(
        name=name,
        version=version,
        type=ComponentType.APPLICATION if name == OURS else ComponentType.LIBRARY,
        licenses=[_LICENCE.make_from_string(licence)] if licence else [],
        external_references=[ExternalReference(type=ExternalReferenceType.WEBSITE, url=XsUri(url))] if url else [],
        purl=purl,
        bom_ref=f"{name}@{version}",
    )


def bill(libraries: list[Distribution], extra: list[dict]) -> Bom:
    bom = Bom()
    bom.metadata.timestamp = datetime.fromtimestamp(int(environ.get("SOURCE_DATE_EPOCH", "0")), tz=UTC)
    for one in libraries:
        purl = PackageURL("pypi", name=one.name.lower().replace("_", "-"), version=one.version)
        made = component(one.name, one.version, licence_of(one), one.metadata.get("Home-page"), purl)
        if one.name == OURS:
            bom.metadata.component = made
        else:
            bom.components.add(made)
    for part in extra:
        purl = PackageURL.from_string(part["purl"]) if "purl" in part else None
        bom.components.add(component(part["name"], part["version"], part["licence"], part.get("url"), purl))
    if bom.metadata.component is not None:
        bom.register_dependency(bom.metadata.component, bom.components)
    return bom


def main(records: Path, folder: Path, name: str, extra_file: str | None = None) -> int:
    libraries = sorted(distributions(path=[str(records)]), key=lambda one: one.name.lower())
    extra = tomllib.loads(Path(extra_file).read_text("utf-8"))["part"] if extra_file else []
    shutil.rmtree(folder / "licences", ignore_errors=True)
    bare = copy_licences(libraries, extra, folder / "licences")
    text = make_outputter(bill(libraries, extra), OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2)
    if problem := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        print(f"the SBOM is not valid: {problem}", file=sys.stderr)
        return 1
    (folder / f"{name}.cdx.json").write_text(text + "\n", encoding="utf-8")
    rows = [(one.name, one.version, licence_of(one)) for one in libraries]
    rows += [(part["name"], part["version"], part["licence"]) for part in extra]
    lines = [f"{part} {version}: {licence or 'see its text'}" for part, version, licence in rows]
    head = "What this package holds, and under which licence. The texts lie beside this file."
    (folder / "licences" / "README.txt").write_text("\n".join([head, "", *lines, ""]), encoding="utf-8")
    if bare:
        print(f"without a licence text of its own: {', '.join(bare)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:]))

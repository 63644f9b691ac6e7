"""Collect the texts, update the catalogue of every language, and compile it.

`--check` changes nothing and fails when a text is missing, untranslated, or its compiled form is old. `--merge FILE`
takes translations from a JSON object of English to the language that `--into` names.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

from setupwizard.i18n import DOMAIN, LANGUAGES

TOP = Path(__file__).resolve().parent.parent
SOURCE = TOP / "src" / "setupwizard"
TEMPLATES = TOP / "resources"
PLACEHOLDER = re.compile(r"\{\w*\}")


def collected() -> Catalog:
    """Return every text of the code and the templates."""
    catalog = Catalog(project="setupwizard", charset="utf-8")
    keywords = {"_": None, "N_": None, "ngettext": (1, 2)}
    found = [
        *extract_from_dir(SOURCE, method_map=[("**.py", "python")], keywords=keywords),
        *extract_from_dir(TEMPLATES, method_map=[("**.j2", "jinja2.ext:babel_extract")], keywords=keywords),
    ]
    for _file, _line, message, _comments, _context in found:
        catalog.add(message)
    return catalog


def file_of(language: str) -> Path:
    """Return the catalogue that translators edit; the compiled one lies beside it."""
    return TOP / "resources" / "locale" / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def updated(language: str, merge: list[Path]) -> Catalog:
    """Return the catalogue of a language with every text of today and none of yesterday."""
    file = file_of(language)
    old = read_po(io.BytesIO(file.read_bytes()), locale=language) if file.is_file() else Catalog(locale=language)
    fresh: dict[str, str] = {}
    for path in merge:
        fresh.update(json.loads(path.read_text("utf-8")))
    new = Catalog(locale=language, project="setupwizard", charset="utf-8", creation_date=old.creation_date)
    new.revision_date, new.mime_headers = old.revision_date, old.mime_headers
    for message in sorted((m for m in collected() if m.id), key=lambda m: str(m.id)):
        known = old.get(message.id if isinstance(message.id, str) else message.id[0])
        text = known.string if known else ""
        if isinstance(message.id, str):
            text = fresh.get(message.id, text)
        elif message.id[0] in fresh or message.id[1] in fresh:
            text = (fresh.get(message.id[1]) or fresh[message.id[0]],)
        new.add(message.id, text)
    return new


def texts(message_id: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return the forms of a message as a tuple."""
    return (message_id,) if isinstance(message_id, str) else tuple(message_id)


def problems(catalog: Catalog) -> list[str]:
    """Return what is wrong with the translations: missing ones and other placeholders than the original's."""
    found = []
    for message in catalog:
        if not message.id:
            continue
        original, translated = texts(message.id), texts(message.string or "")
        if not any(translated):
            found.append(f"not translated: {original[0]}")
            continue
        wanted = set(PLACEHOLDER.findall(original[-1]))
        found += [
            f"other placeholders: {original[0]} -> {text}"
            for text in translated
            if set(PLACEHOLDER.findall(text)) != wanted
        ]
    return found


def compiled(catalog: Catalog) -> bytes:
    """Return the binary form that gettext reads."""
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def spoken(binary: bytes) -> dict[object, object]:
    """Return the texts of a compiled catalogue: its header tells the time and the version of the compiler."""
    return {texts(message.id): texts(message.string) for message in read_mo(io.BytesIO(binary)) if message.id}


def source_text(catalog: Catalog) -> bytes:
    """Return the form that translators edit."""
    buffer = io.BytesIO()
    write_po(buffer, catalog, no_location=True, omit_header=False, width=120, sort_output=True)
    return re.sub(rb'"(POT-Creation-Date|PO-Revision-Date|Generated-By|Last-Translator): .*\n', b"", buffer.getvalue())


def checked(language: str, catalog: Catalog) -> list[str]:
    """Return what is wrong with the files of a language."""
    po = file_of(language)
    mo = po.with_suffix(".mo")
    if not po.is_file() or po.read_bytes() != source_text(catalog):
        return [f"{po.name} is not what the code says: run make translations"]
    if not mo.is_file() or spoken(mo.read_bytes()) != spoken(compiled(catalog)):
        return [f"{mo.name} is older than {po.name}: run make translations"]
    return []


def write(language: str, catalog: Catalog) -> None:
    """Write both files of a language."""
    po = file_of(language)
    po.parent.mkdir(parents=True, exist_ok=True)
    po.write_bytes(source_text(catalog))
    po.with_suffix(".mo").write_bytes(compiled(catalog))


def main() -> int:
    translated = [language for language in LANGUAGES if language != "en"]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--merge", type=Path, nargs="*", default=[])
    parser.add_argument("--into", choices=translated, default=translated[0])
    options = parser.parse_args()
    wrong = []
    for language in translated:
        catalog = updated(language, options.merge if language == options.into else [])
        wrong += [f"{language}: {line}" for line in problems(catalog)]
        if options.check:
            wrong += [f"{language}: {line}" for line in checked(language, catalog)]
        else:
            write(language, catalog)
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

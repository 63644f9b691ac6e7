"""Collect the texts into the template, update the Chinese catalogue, and compile it.

`--check` changes nothing and fails when a text is missing, untranslated, or its compiled form is old. `--merge FILE`
takes translations from a JSON object of English to Chinese.
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

TOP = Path(__file__).resolve().parent.parent
SOURCE = TOP / "src" / "setupwizard"
TEMPLATES = TOP / "resources"
PO = TOP / "resources" / "locale" / "zh_CN" / "LC_MESSAGES" / "setupwizard.po"
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


def updated(merge: list[Path]) -> Catalog:
    """Return the Chinese catalogue with every text of today and none of yesterday."""
    old = read_po(io.BytesIO(PO.read_bytes()), locale="zh_CN") if PO.is_file() else Catalog(locale="zh_CN")
    fresh: dict[str, str] = {}
    for path in merge:
        fresh.update(json.loads(path.read_text("utf-8")))
    new = Catalog(locale="zh_CN", project="setupwizard", charset="utf-8", creation_date=old.creation_date)
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--merge", type=Path, nargs="*", default=[])
    options = parser.parse_args()
    catalog = updated(options.merge)
    wrong = problems(catalog)
    mo = PO.with_suffix(".mo")
    if options.check:
        if not PO.is_file() or PO.read_bytes() != source_text(catalog):
            wrong.append(f"{PO.name} is not what the code says: run make translations")
        elif not mo.is_file() or spoken(mo.read_bytes()) != spoken(compiled(catalog)):
            wrong.append(f"{mo.name} is older than {PO.name}: run make translations")
    else:
        PO.parent.mkdir(parents=True, exist_ok=True)
        PO.write_bytes(source_text(catalog))
        mo.write_bytes(compiled(catalog))
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""Reads what nvidia-smi prints, in every form that is known: rows, XML, its long log, its table for people, errors.

Rows that were asked for by name tell most and are believed first. The table for people cuts names, and its words
changed with driver 610 ("CUDA Version" became "CUDA UMD Version"), so it only fills what nothing else told. Whatever
the text is, reading it ends in an answer: a line that nobody understands stays in the evidence.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from html import unescape

from setupwizard.probes.answers import DriverAnswer, DriverState, ListedCard, evidence_lines, pci_address, pci_id
from setupwizard.tools import process

FIELDS = (
    "index",
    "name",
    "driver_version",
    "compute_cap",
    "memory.total",
    "pci.bus_id",
    "uuid",
    "pci.device_id",
)
"""What is asked of `nvidia-smi --query-gpu`."""

# Exit statuses of the manual page of nvidia-smi.
_EXITS: dict[int, DriverState] = {
    4: "no-permission",
    6: "no-devices",
    9: "not-loaded",
    12: "absent",
    15: "gpu-lost",
    18: "mismatch",
}
# Older ones end with another status and the same words; the program speaks English everywhere.
_WORDS: tuple[tuple[str, DriverState], ...] = (
    ("driver/library version mismatch", "mismatch"),
    ("couldn't communicate with the nvidia driver", "not-loaded"),
    ("driver not loaded", "not-loaded"),
    ("couldn't find libnvidia-ml", "absent"),
    ("couldn't find nvml.dll", "absent"),
    ("insufficient permissions", "no-permission"),
    ("no devices were found", "no-devices"),
    ("gpu is lost", "gpu-lost"),
    ("failed to initialize nvml: unknown error", "error"),
    ("blocked by the operating system", "error"),
)
_NONE = frozenset(["", "n/a", "err!", "not supported", "not available", "unknown", "unknown error", "none", "-"])
_LOST = re.compile(r"^\[?(unknown error|gpu is lost|gpu requires reset|no permission)\]?$", re.IGNORECASE)
_HANDLE = re.compile(
    r"Unable to determine the device handle for (?:the\s+)?(?:GPU)?\s*([0-9A-Fa-f]*:?[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.\d)"
    r"\s*:\s*(\S.*)"
)
_UNKNOWN_FIELD = re.compile(r'Field "([\w.]+)" is not a valid field')
_DRIVER = re.compile(r"(?:Driver|KMD) Version\s*:\s*(\d+(?:\.\d+)+)")
_CUDA = re.compile(r"CUDA (?:UMD |DRIVER )?Version\s*:\s*(\d+\.\d+)", re.IGNORECASE)
_XML_CARD = re.compile(r"<gpu id=\"([^\"]*)\">(.*?)(?=<gpu id=\"|</nvidia_smi_log>|\Z)", re.DOTALL)
_LOG_CARD = re.compile(r"^GPU ([0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.\d)\s*$", re.MULTILINE)
_TABLE_CARD = re.compile(
    r"^\|\s{1,5}(\d{1,3})\s{1,4}(\S.*?)\s+(?:On|Off|WDDM|TCC|MCDM|N/A)\s*\|\s*([0-9A-Fa-f:.]{7,16}|N/A)\s+\S+\s*\|"
)
_TABLE_MEMORY = re.compile(r"^\|.*\|\s*\d{1,9}\s*Mi?B\s*/\s*(\d{1,9})\s*Mi?B\s*\|")
_ROW_WORDS: dict[str, re.Pattern[str]] = {
    "driver_version": re.compile(r"\d{3}\.\d{1,3}(?:\.\d{1,3})?"),
    "compute_cap": re.compile(r"\d{1,2}\.\d"),
    "pci.bus_id": re.compile(r"[0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.\d"),
    "uuid": re.compile(r"(?:GPU|MIG)-[0-9A-Fa-f/-]{4,}"),
    "pci.device_id": re.compile(r"0x[0-9A-Fa-f]{8}"),
    "memory.total": re.compile(r"\d{2,7}(?:\s*MiB)?"),
}


def readable(raw: bytes) -> str:
    """Return the text of a program that writes in whatever encoding its system has.

    A byte order mark is believed, then the zero bytes of UTF-16; then UTF-8, then Chinese Windows' own encoding. What
    no decoder takes is replaced, never refused.
    """
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if raw.startswith(mark):
            return raw.decode(encoding, "replace").replace("\0", "")
    if raw[1::2].count(0) > len(raw) // 4:
        return raw.decode("utf-16-le", "replace").replace("\0", "")
    if raw[::2].count(0) > len(raw) // 4:
        return raw.decode("utf-16-be", "replace").replace("\0", "")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding).replace("\0", "")
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "replace").replace("\0", "")


def parse(result: process.ProcessResult, fields: Sequence[str] = FIELDS) -> DriverAnswer:
    """Return what a run of nvidia-smi says: cards in any form, an exit status, words, or the end of our patience."""
    said = f"{result.stdout}\n{result.stderr}".strip()
    evidence = evidence_lines("nvidia-smi", said)
    if result.timed_out:
        return DriverAnswer(source="nvidia-smi", state="hangs", evidence=(*evidence, "nvidia-smi: no end"))
    rows = [row for line in result.stdout.splitlines() if (row := _row(line, fields))]
    driver, cuda = parse_versions(said)
    versions = [version for row in rows if (version := _known(row.get("driver_version")))]
    cards = tuple(map(_card, rows)) or parse_xml(said) or parse_log(said) or parse_table(said)
    state = _state(result.returncode, said, listed=bool(cards))
    if state != "ok" or result.returncode:
        evidence = (*evidence, f"nvidia-smi: exit status {result.returncode}")
    return DriverAnswer(
        source="nvidia-smi",
        state=state,
        driver=versions[0] if versions else driver,
        cuda=cuda,
        cards=(*cards, *_unreachable(said)),
        evidence=evidence,
    )


def unknown_field(result: process.ProcessResult) -> str | None:
    """Return the field that this version of nvidia-smi does not know, None when it knows all of them."""
    found = _UNKNOWN_FIELD.search(f"{result.stdout}\n{result.stderr}")
    return found.group(1) if found else None


def parse_versions(text: str) -> tuple[str | None, str | None]:
    """Return the driver's version and the CUDA that it supports, from the banner or the log in both spellings.

    Under WSL the number after "NVIDIA-SMI" is another one than the driver's; "N/A" and "ERR!" are no numbers.
    """
    driver = _DRIVER.search(text) or re.search(r"<(?:driver|kmd)_version>(\d+(?:\.\d+)+)", text)
    cuda = _CUDA.search(text) or re.search(r"<cuda_(?:umd_)?version>(\d+\.\d+)", text)
    return driver.group(1) if driver else None, cuda.group(1) if cuda else None


def parse_xml(text: str) -> tuple[ListedCard, ...]:
    """Return the cards of `nvidia-smi -q -x`, also of one that breaks off; names of its elements moved over time."""
    return tuple(_xml_card(index, place, body) for index, (place, body) in enumerate(_XML_CARD.findall(text)))


def _xml_card(index: int, place: str, body: str) -> ListedCard:
    def value(*names: str) -> str | None:
        for name in names:
            found = re.search(rf"<{name}>([^<]*)</{name}>", body)
            if found and (known := _known(unescape(found.group(1)).strip())):
                return known
        return None

    memory = re.search(r"<fb_memory_usage>\s*<total>\s*(\d{1,9}) MiB", body)
    device = value("pci_device_id") or ""
    return ListedCard(
        index=index,
        name=value("product_name") or "",
        uuid=value("uuid"),
        pci_id=_device_id(device),
        pci_address=pci_address(place or value("pci_bus_id") or ""),
        memory_mib=int(memory.group(1)) if memory else None,
        mig=value("current_mig") == "Enabled",
    )


def parse_log(text: str) -> tuple[ListedCard, ...]:
    """Return the cards of `nvidia-smi -q`, the long log for people."""
    heads = list(_LOG_CARD.finditer(text))
    ends = [*(head.start() for head in heads[1:]), len(text)][: len(heads)]
    return tuple(
        _log_card(index, head.group(1), text[head.end() : end])
        for index, (head, end) in enumerate(zip(heads, ends, strict=True))
    )


def _log_card(index: int, place: str, body: str) -> ListedCard:
    def value(name: str) -> str | None:
        found = re.search(rf"^\s+{name}\s*:\s*(.*?)\s*$", body, re.MULTILINE)
        return _known(found.group(1)) if found else None

    memory = re.search(r"FB Memory Usage\s*\n\s*Total\s*:\s*(\d{1,9}) MiB", body)
    return ListedCard(
        index=index,
        name=value("Product Name") or "",
        uuid=value("GPU UUID"),
        pci_id=_device_id(value("Device Id") or ""),
        pci_address=pci_address(place),
        memory_mib=int(memory.group(1)) if memory else None,
    )


def parse_table(text: str) -> tuple[ListedCard, ...]:
    """Return the cards of the table for people; a name that the column cuts is no name."""
    cards: list[ListedCard] = []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        found = _TABLE_CARD.match(line)
        if found is None:
            continue
        index, name, place = found.groups()
        memory = _TABLE_MEMORY.match(lines[number + 1]) if number + 1 < len(lines) else None
        cards.append(
            ListedCard(
                index=int(index),
                name="" if name.endswith("...") else name,
                pci_address=pci_address(place),
                memory_mib=int(memory.group(1)) if memory else None,
            )
        )
    return tuple(cards)


def _state(code: int | None, said: str, *, listed: bool) -> DriverState:
    """Return how the driver answered: cards count more than the status, as one dead card spoils that for all."""
    if listed:
        return "ok"
    words = said.lower()
    for phrase, state in _WORDS:
        if phrase in words:
            return state
    return _EXITS.get(code if code is not None else -1, "no-devices" if code == 0 and not words else "broken")


def _row(line: str, fields: Sequence[str]) -> dict[str, str] | None:
    """Return one card's fields; None for a line that is no row: errors stand between the rows.

    A name may hold commas, which makes more columns than were asked for; a program that answers with other columns
    than it was asked for is read by what stands in them.
    """
    values = [value.strip() for value in line.split(",")]
    if len(values) < 3 or not re.fullmatch(r"\d{1,3}", values[0]):
        return None
    surplus = len(values) - len(fields)
    if surplus > 0 and fields[:2] == FIELDS[:2]:
        values[1 : 2 + surplus] = [", ".join(values[1 : 2 + surplus])]
    row = dict(zip(fields, values, strict=False))
    if surplus >= 0 and _plausible(row):
        return row
    guessed = {"index": values[0], "name": values[1]}
    for value in values[2:]:
        name = next((name for name, form in _ROW_WORDS.items() if name not in guessed and form.fullmatch(value)), None)
        if name is not None:
            guessed[name] = value
    untold = all(_known(value) is None for value in values[2:])
    return guessed if len(guessed) > 3 or untold else None


def _plausible(row: dict[str, str]) -> bool:
    """Return whether each column of a row holds what was asked for, or says that there is none."""
    return all(
        form.fullmatch(row[name]) or _known(row[name]) is None for name, form in _ROW_WORDS.items() if name in row
    )


def _known(value: str | None) -> str | None:
    """Return a value, None for the many ways of saying that there is none: [N/A], [Not Supported], ERR!."""
    if not value or (value.startswith("[") and value.endswith("]")) or value.lower() in _NONE:
        return None
    return value


def _device_id(text: str) -> str | None:
    return pci_id(int(text, 16)) if _ROW_WORDS["pci.device_id"].fullmatch(text) else None


def _card(row: dict[str, str]) -> ListedCard:
    memory = re.match(r"\d+", _known(row.get("memory.total")) or "")
    capability = _known(row.get("compute_cap")) or ""
    lost = _LOST.match(row["name"])
    return ListedCard(
        index=int(row["index"]),
        name=_known(row["name"]) or "",
        uuid=_known(row.get("uuid")),
        pci_id=_device_id(_known(row.get("pci.device_id")) or ""),
        pci_address=pci_address(_known(row.get("pci.bus_id")) or ""),
        compute_capability=capability or None,
        memory_mib=int(memory.group()) if memory else None,
        trouble=f"nvidia-smi: {row['name']}" if lost else None,
    )


def _unreachable(said: str) -> Iterator[ListedCard]:
    """Yield the cards that nvidia-smi names as those which it cannot reach."""
    for found in _HANDLE.finditer(said):
        yield ListedCard(pci_address=pci_address(found.group(1)), trouble=found.group(0).strip())

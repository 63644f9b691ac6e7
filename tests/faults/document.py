"""docs/faults.md, made of the rows:  PYTHONPATH=tests python -m faults.document"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from faults.acts import ACTED
from faults.network import NETWORK
from faults.rows import Row
from setupwizard.sentences import SENTENCES

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "faults.md"
ROWS: tuple[Row, ...] = (*NETWORK, *ACTED)

_HEAD = """# What happens when something goes wrong

Made from the rows of `tests/faults` by `PYTHONPATH=tests python -m faults.document`. Every row runs the real program,
from the first probe to the proof, against a loopback internet: one server that is the proxy and all hosts, has an
authority of its own, and fails as the row says. `make test-faults` runs all of them, `make test` those without a `*`.
A row's test is `tests/faults/test_matrix.py::test_each_fault_ends_as_its_row_promises[WHAT GOES WRONG: HOW]`.

For every row it is checked that the exit code, the error code and the sentence are these, that the sentence names the
host or the folder, that nothing half-made is left, and that the same install comes to its end once the fault is gone.
What was in use before stays in use. `{...}` stands for a fact of the case: the host, the file, the folder.

"""
_TAIL = """
## How patient it is

| what | how long |
|---|---|
| a connection is made | 15 s; 8 s while sources are compared |
| no byte comes | told after 5 s, taken for a dead line after 20 s |
| next to nothing comes (16 kB) | 30 s |
| failures in a row before a server is given up | 6, with pauses of 0.5 s, 1 s, 2 s ...; a megabyte makes up for one |
| a pause that a server asks for (`Retry-After`) | kept, up to 60 s; up to 10 s while sources are compared |
| a damaged file | fetched once more, over another connection |
| what a power cut may cost of a download | 10 s or 256 MiB, whichever is less |

`SETUPWIZARD_PATIENCE` is a factor for these times: 3 for a very slow network; the tests use 0.05.

## Sources

They are asked side by side, and the speed is measured on the beginning of a file. The official one is preferred; one
that is slower than 5 MB/s steps behind another that is three times as fast. What lies at the network itself (its proxy,
its log-in page, its certificate) is told even when some source answers.

Proxies come from `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, else from the settings of Windows and macOS;
from pip's own settings when those name the source. Their names and passwords are never shown or written. Certificates
are checked by the system's own store and `SSL_CERT_FILE`. SOCKS proxies are not spoken.

## Stopping

`tests/faults/test_stop.py` stops installs at random moments, and where a server hangs, a line is silent, or an import
never ends whose child hears no polite word: every program is gone and nothing half-made is left. It prints the time.
It stops uv and pip at each step that makes an environment; `tests/end2end/test_conda.py` stops conda, which hears what
Ctrl+C sends first.

## Processes that are killed

`tests/faults/test_store_kill.py` ends installs at random moments and at every named point, and looks at every file
afterwards.
"""


def document(rows: Sequence[Row]) -> str:
    """Return the whole text."""
    lines = ["| what goes wrong | how | exit | what the wizard says | what it keeps of the download | in full only |"]
    lines.append("|---|---|---|---|---|---|")
    for fault, group in groupby(sorted(rows, key=lambda row: _first(rows, row.fault)), lambda row: row.fault):
        for number, row in enumerate(group):
            cells = ("" if number else fault, row.case, str(row.exit), _says(row), _keeps(row), "*" if row.full else "")
            lines.append(f"| {' | '.join(cells)} |")
    return _HEAD + "\n".join(lines) + "\n" + _TAIL


def _first(rows: Sequence[Row], fault: str) -> int:
    return next(place for place, row in enumerate(rows) if row.fault == fault)


def _says(row: Row) -> str:
    if row.code is not None:
        return f"`{row.code}`: {SENTENCES[row.code].title}."  # type: ignore[index] - a code of the closed list
    if row.told is not None:
        return f"done; on the way: \u201c{row.told} ...\u201d"
    return "done"


def _keeps(row: Row) -> str:
    if row.exit == 0:
        return "all"
    if row.kept is None:
        return ""
    return "the part" if row.kept[1] else "nothing: it was wrong"


if __name__ == "__main__":
    DOCUMENT.write_text(document(ROWS), encoding="utf-8")

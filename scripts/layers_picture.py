"""Draw docs/pictures/layers.svg from the layers that import-linter checks: it cannot say what the code does not.

What stands in a box is the first sentence of the package. `--check` only compares.
"""

from __future__ import annotations

import ast
import sys
import textwrap
import tomllib
from html import escape
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
PICTURE = TOP / "docs" / "pictures" / "layers.svg"
SOURCE = TOP / "src" / "setupwizard"
WIDTH, MARGIN, GAP, LINE, CHARACTER = 760, 20, 10, 17, 7
STYLE = """
  text { font: 12.5px system-ui, sans-serif; fill: #4A5363 }
  .name { font: 600 14px ui-monospace, monospace; fill: #161A22 }
  rect { fill: #F4F6FA; stroke: #7C8798 } .page { fill: #FFFFFF; stroke: none }
"""


def layers() -> list[list[str]]:
    """Return the layers from top to bottom, those that stand beside each other together."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    rows = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [[name.strip() for name in row.split("|")] for row in rows]


def sentence(name: str) -> str:
    """Return the first sentence of a package or module."""
    package = SOURCE / name / "__init__.py"
    file = package if package.is_file() else SOURCE / f"{name}.py"
    words = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    return " ".join(words.split("\n\n")[0].split())


def picture() -> str:
    """Return the drawing."""
    boxes: list[str] = []
    top = MARGIN
    for row in layers():
        width = (WIDTH - 2 * MARGIN - GAP * (len(row) - 1)) / len(row)
        texts = [textwrap.wrap(sentence(name), int((width - 24) / CHARACTER)) for name in row]
        height = 34 + LINE * max(map(len, texts))
        for place, (name, lines) in enumerate(zip(row, texts, strict=True)):
            left = MARGIN + place * (width + GAP)
            boxes.append(f'<rect x="{left:g}" y="{top}" width="{width:g}" height="{height}" rx="8"/>')
            boxes.append(f'<text class="name" x="{left + 12:g}" y="{top + 22}">{escape(name)}</text>')
            for number, line in enumerate(lines):
                boxes.append(f'<text x="{left + 12:g}" y="{top + 41 + LINE * number}">{escape(line)}</text>')
        top += height + GAP
    height = top - GAP + MARGIN
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">'
    page = f'<rect class="page" width="{WIDTH}" height="{height}"/>'
    return "\n".join((head, f"<style>{STYLE}</style>", page, *boxes, "</svg>")) + "\n"


def main() -> int:
    """Write the picture, or compare it."""
    drawn = picture()
    if "--check" not in sys.argv:
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        PICTURE.write_text(drawn, encoding="utf-8")
        return 0
    current = PICTURE.is_file() and PICTURE.read_text("utf-8") == drawn
    if not current:
        sys.stderr.write("docs/pictures/layers.svg is not what the contracts say: run scripts/layers_picture.py\n")
    return 0 if current else 1


if __name__ == "__main__":
    sys.exit(main())

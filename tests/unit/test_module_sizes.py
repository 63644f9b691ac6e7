"""Every module stays short enough to be read at one sitting."""

from pathlib import Path

LIMIT = 400
"""Lines. A longer module does two jobs: split it along them (CONTRIBUTING.md)."""
SOURCE = Path(__file__).parents[2] / "src" / "setupwizard"


def test_no_module_is_longer_than_one_job_needs():
    lines = {path.relative_to(SOURCE).as_posix(): path.read_bytes().count(b"\n") for path in SOURCE.rglob("*.py")}
    assert len(lines) > 100
    too_long = {name: count for name, count in lines.items() if count > LIMIT}
    assert not too_long

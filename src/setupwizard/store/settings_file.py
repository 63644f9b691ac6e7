"""Writing the settings: the file is old or new, never half, and what somebody wrote beside the values stays."""

from __future__ import annotations

from pathlib import Path

import msgspec
import tomlkit

from setupwizard.errors import SetupError
from setupwizard.model.settings import Preferences, Settings, problem_of
from setupwizard.store.files import disk_errors, write_atomic
from setupwizard.tools.preferences import load, read, settings_file, text_of, with_policy


def save(wanted: Settings, settings: Path | None = None, policy: Path | None = None) -> Preferences:
    """Write the person's settings and return what holds then; what the administrator fixed keeps the person's value.

    Comments that somebody wrote into the file stay.

    Raises:
        SetupError: "document-invalid": a value is impossible, or the administrator's file is broken; "disk-full",
            "root-not-writable", "file-in-use".
    """
    place = settings or settings_file()
    problem = problem_of(wanted)
    if problem:
        raise SetupError("document-invalid", file=str(place), problem=problem)
    locked = with_policy(wanted, policy).locked
    try:
        document = tomlkit.parse(text_of(place))
        kept = read(Settings, place)
    except (SetupError, tomlkit.exceptions.TOMLKitError):
        document, kept = tomlkit.document(), Settings()
    defaults = msgspec.to_builtins(Settings())
    values = msgspec.to_builtins(wanted) | {name: getattr(kept, name) for name in locked}
    for name in [name for name in document if name not in values]:
        del document[name]
    for name, value in values.items():
        if value != defaults[name]:
            document[name] = value
        else:
            document.pop(name, None)
    with disk_errors(place):
        place.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(place, tomlkit.dumps(document).encode())
    return load(place, policy)

"""Generations: a new one is built beside the one in use, and only a whole one is ever put in use."""

from __future__ import annotations

import logging
from pathlib import Path

from setupwizard import platforms
from setupwizard.errors import SetupError
from setupwizard.model.wire import timestamp, to_json
from setupwizard.store.activate import write_activation
from setupwizard.store.crash import crash_point
from setupwizard.store.documents import Complete, Current, is_generation_name, read_or_none
from setupwizard.store.files import disk_errors, remove_tree, write_atomic
from setupwizard.store.journal import Journal
from setupwizard.store.layout import Root

log = logging.getLogger(__name__)


def claim(root: Root, name: str) -> Path:
    """Make the empty folder of a new generation and return it; what a dead run left under that name is removed.

    Raises:
        SetupError: "plan-unexpected": a whole generation has that name by now, so the plan is out of date;
            "disk-full", "file-in-use" or "root-not-writable".
    """
    folder = root.generation(name)
    if root.read_complete(name) is not None or name == root.current_name():
        raise SetupError("plan-unexpected", expected=name, found=root.next_name())
    Journal(root.journal).created(folder)
    crash_point("before-claim")
    remove_tree(folder)
    with disk_errors(root.gens):
        folder.mkdir()
    crash_point("after-claim")
    return folder


def mark_complete(
    root: Root,
    name: str,
    *,
    plan: str,
    lock_sha256: str,
    files: int,
    torch: str,
    variant: str,
    python: str,
) -> Complete:
    """Bring all files of a generation to the disk, then say that it is whole.

    Args:
        root: where it is.
        name: of the generation; it was built, audited and verified.
        plan: the plan's id.
        lock_sha256: of the lock that the installer got.
        files: how many the audit compared.
        torch: the version, "2.15.0+cu130".
        variant: "cu130", "cpu" ...
        python: the version of the interpreter.

    Raises:
        SetupError: "disk-full", "file-in-use" or "root-not-writable".
    """
    folder = root.generation(name)
    with disk_errors(folder):
        platforms.flush_tree(folder)
        top = tuple(sorted({place.name for place in folder.iterdir()} | {"COMPLETE.json"}))
    document = Complete(
        generation=name,
        plan=plan,
        lock_sha256=lock_sha256,
        files=files,
        torch=torch,
        variant=variant,
        python=python,
        made=timestamp(),
        top=top,
    )
    crash_point("before-complete")
    write_atomic(root.complete_json(name), (to_json(document) + "\n").encode())
    crash_point("after-complete")
    return document


def switch(root: Root, name: str) -> None:
    """Put a whole generation in use. Nothing changes when it is in use already; half of a switch is completed.

    current.json changes in one step and is the truth; the pointer follows. `heal` repeats the second step when a
    power cut came between them.

    Raises:
        SetupError: "environment-missing": it is not whole; "disk-full", "file-in-use" or "root-not-writable".
    """
    if root.read_complete(name) is None:
        raise SetupError("environment-missing", root=str(root.generation(name)))
    before = root.current_name()
    if before != name or read_or_none(Current, root.current_json) is None:
        forward = before is not None and int(before) < int(name)
        root.write_current(Current(generation=name, previous=before if forward else None))
        crash_point("between-current-json-and-pointer")
    _point(root, name)
    crash_point("after-pointer")
    if before != name:
        Journal(root.journal).switched(name)


def heal(root: Root) -> str | None:
    """Make pointer and current.json agree on a whole generation, after whatever happened; return its name.

    Call it at the start of every job, with the lock held. When the generation in use is gone or no longer whole, the
    newest whole one before it is put in use; None: there is none, and nothing is in use.

    Raises:
        SetupError: "disk-full", "file-in-use" or "root-not-writable".
    """
    document = read_or_none(Current, root.current_json)
    known = document is not None and is_generation_name(document.generation)
    name = document.generation if document is not None and known else root.pointer_name()
    if name is None or root.read_complete(name) is None:
        older = [one for one in root.generations() if name is None or int(one) < int(name)]
        if name is not None or older:
            log.warning("%s is in use and not whole; whole ones before it: %s", name, older)
        if not older:
            return None
        name, known = older[-1], False
    if not known:
        root.write_current(Current(generation=name))
    _point(root, name)
    return name


def _point(root: Root, name: str) -> None:
    if root.pointer_name() == name and root.current.is_dir():
        return
    with disk_errors(root.path):
        if root.current.is_dir() and platforms.pointer_target(root.current) is None:
            # somebody put a real folder there: its content is not ours to remove
            raise SetupError("root-not-empty", path=str(root.current))
        try:
            platforms.point_to(root.current, root.generation(name))
        except OSError as error:
            if not platforms.holds_no_pointers(error):
                raise
            log.info("this drive holds no pointers: activation names %s", name)
            write_activation(root)

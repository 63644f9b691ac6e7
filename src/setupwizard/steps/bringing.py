"""Brings a Python that is not on the computer: fetched like every package, unpacked by uv below the root."""

from __future__ import annotations

from msgspec.structs import replace

from setupwizard.model.events import Event, Output, Progress
from setupwizard.model.plan import Package, Plan
from setupwizard.steps.tracking import Track
from setupwizard.store.fetch import FetchSettings, fetch
from setupwizard.store.files import disk_errors, remove_tree
from setupwizard.store.journal import Journal
from setupwizard.store.layout import Root
from setupwizard.store.pythons import folder_of, write_list
from setupwizard.store.wheels import WheelStore
from setupwizard.tools.uv import Uv


def bring_python(plan: Plan, archive: Package, root: Root, track: Track, *, settings: FetchSettings) -> None:
    """Fetch the archive of a Python, as a step of its own, and unpack it; what was there under its name is replaced.

    Raises:
        SetupError: the cause, by its code.
        Cancelled: somebody asked to stop; what was fetched stays for the next time.
    """

    def emit(event: Event) -> None:
        track.emit(replace(event, id="python") if isinstance(event, Progress | Output) else event)

    store = WheelStore(root.store)
    fetch((archive,), store, emit=emit, cancel=track.cancel, settings=settings, pace=track.pace)
    try:
        with disk_errors(root.path):
            root.work.mkdir(parents=True, exist_ok=True)
        listing = root.work / "python.json"
        key = write_list(listing, plan.python.version, plan.build.platform, archive, store.path_of(archive))
        Journal(root.journal).created(folder_of(root))
        remove_tree(folder_of(root) / key)
        Uv(root.work, cancel=track.cancel, listen=track.listener("python")).bring(key, folder_of(root), listing)
    finally:
        remove_tree(folder_of(root) / ".temp")

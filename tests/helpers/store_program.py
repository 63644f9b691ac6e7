"""An install as small as can be, for tests that end it: fetch, build, audit, commit. Prints what it did as JSON.

python store_program.py TESTS_FOLDER ROOT PACKAGES_JSON
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import msgspec

sys.path.insert(0, sys.argv[1])

from helpers.generations import build, site_packages
from setupwizard.errors import SetupError
from setupwizard.model.plan import Package
from setupwizard.store import generation, removal
from setupwizard.store.activate import write_activation
from setupwizard.store.audit import audit
from setupwizard.store.fetch import FetchSettings, fetch
from setupwizard.store.files import disk_errors
from setupwizard.store.journal import Journal
from setupwizard.store.layout import Root
from setupwizard.store.lock import working_on
from setupwizard.store.wheels import WheelStore


def install(root: Root, packages: list[Package]) -> dict[str, object]:
    plan = hashlib.sha256("".join(package.sha256 for package in packages).encode()).hexdigest()
    root.prepare()
    with working_on(root):
        current = generation.heal(root)
        proof = root.read_complete(current) if current else None
        journal = Journal(root.journal)
        if proof is not None and proof.plan == plan:
            if journal.unfinished() is not None:
                # it died after its switch: what it left to do is done now, as an apply does
                write_activation(root)
                removal.collect(root, keep=2)
                WheelStore(root.store).remove_unused({package.sha256 for package in packages})
                journal.finished("apply", status="done")
            return {"changed": False, "current": current}
        name = root.next_name()
        journal.started("apply", plan=plan, generation=name)
        store = WheelStore(root.store)
        settings = FetchSettings(proxies={}, sync_seconds=0.02, backoff_seconds=0.01)
        fetched = fetch(packages, store, settings=settings)
        wheels = [store.path_of(package) for package in packages]
        with disk_errors(root.path):
            build(root, name, wheels, complete=False)
        result = audit(site_packages(root, name), wheels)
        if result.problems:
            raise SetupError("audit-failed", detail=repr(result.problems))
        generation.mark_complete(
            root, name, plan=plan, lock_sha256=plan, files=result.files, torch="0", variant="cpu", python="3.11"
        )
        generation.switch(root, name)
        write_activation(root)
        collected = removal.collect(root, keep=2)
        store.remove_unused({package.sha256 for package in packages})
        journal.finished("apply", status="done")
    return {
        "changed": True,
        "current": name,
        "fetched": fetched.fetched_bytes,
        "reused": fetched.reused_bytes,
        "kept": collected.kept,
    }


if __name__ == "__main__":
    try:
        print(json.dumps(install(Root(Path(sys.argv[2])), msgspec.json.decode(sys.argv[3], type=list[Package]))))
    except SetupError as error:
        print(json.dumps({"error": error.code, **{key: str(value) for key, value in error.facts.items()}}))
        sys.exit(error.exit_code())

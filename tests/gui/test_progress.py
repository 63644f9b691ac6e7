"""One number for the whole job that never goes back."""

import itertools

from setupwizard.gui.progress import GROUPS, Overall, group_of
from setupwizard.model.events import Progress, StepFinished, StepStarted


def test_shares_make_a_whole() -> None:
    assert abs(sum(share for _steps, share in GROUPS.values()) - 1) < 1e-9


def test_a_whole_job_goes_from_nothing_to_all_and_never_back() -> None:
    overall = Overall()
    seen = [overall.fraction()]
    for step in ("python", "fetch", "create", "install", "audit", "verify", "switch", "clean"):
        overall.take(StepStarted(id=step, title=""))  # type: ignore[arg-type]
        for done in (0, 50, 20, 100):
            overall.take(Progress(id=step, done=done, total=100))  # type: ignore[arg-type]
            seen.append(overall.fraction())
        overall.take(StepFinished(id=step, status="done"))  # type: ignore[arg-type]
        seen.append(overall.fraction())
    assert seen[0] == 0
    assert all(before <= after for before, after in itertools.pairwise(seen))
    assert seen[-1] == 1


def test_a_download_counts_for_most_of_it() -> None:
    overall = Overall()
    overall.take(StepStarted(id="python", title=""))
    overall.take(StepFinished(id="python", status="done"))
    overall.take(StepStarted(id="fetch", title=""))
    overall.take(Progress(id="fetch", done=62, total=100))
    assert 0.4 < overall.fraction() < 0.45
    assert overall.running == "fetch"
    assert overall.group_status("prepare") == "done"
    assert overall.group_status("fetch") == "running"
    assert overall.group_status("install") == "waiting"


def test_groups_tell_how_they_ended() -> None:
    overall = Overall()
    overall.take(StepStarted(id="create", title=""))
    overall.take(StepFinished(id="create", status="done"))
    assert overall.group_status("install") == "running"
    overall.take(StepStarted(id="install", title=""))
    overall.take(StepFinished(id="install", status="failed"))
    assert overall.group_status("install") == "failed"
    assert overall.running is None
    assert group_of("audit") == "install"

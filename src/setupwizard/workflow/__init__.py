"""The order of the steps. Both faces, the window and the command line, drive what is named here and no step itself."""

from setupwizard.model.events import Outcome
from setupwizard.model.plan import Plan
from setupwizard.probes.privacy import expand, redacted
from setupwizard.probes.system import os_here, platform_here
from setupwizard.steps import report
from setupwizard.steps.detect import detect, pythons_here
from setupwizard.steps.recommend import recommend, recommend_many
from setupwizard.steps.tracking import Track
from setupwizard.steps.verify import failure
from setupwizard.store.activate import activation_line
from setupwizard.store.layout import Root
from setupwizard.workflow import doctoring
from setupwizard.workflow.cards import cards_for
from setupwizard.workflow.deciding import decide, grid, plan, plans_for
from setupwizard.workflow.environments import environments, free_root, measured, record
from setupwizard.workflow.jobs import ApplyOptions, Job, apply, run
from setupwizard.workflow.network import Reached, contacts, try_connection
from setupwizard.workflow.news import newer_version
from setupwizard.workflow.portable import Exported, Given, make_bundle, plan_from, save_plan
from setupwizard.workflow.proving import (
    ProofOptions,
    changes_since,
    environment,
    must_be_environment,
    verification_exit,
    verify_environment,
)
from setupwizard.workflow.session import (
    PAGES,
    Choices,
    PageName,
    Session,
    Unfinished,
    next_page,
    page_before,
    unfinished,
    with_root,
)
from setupwizard.workflow.upkeep import (
    collect_garbage,
    collect_reports,
    forget_downloads,
    free_downloads,
    last_report,
    options,
    remove,
    roll_back,
    room,
    save_report,
    take_back,
    write_support_file,
)

__all__ = [
    "PAGES",
    "ApplyOptions",
    "Choices",
    "Exported",
    "Given",
    "Job",
    "Outcome",
    "PageName",
    "Plan",
    "ProofOptions",
    "Reached",
    "Root",
    "Session",
    "Track",
    "Unfinished",
    "activation_line",
    "apply",
    "cards_for",
    "changes_since",
    "collect_garbage",
    "collect_reports",
    "contacts",
    "decide",
    "detect",
    "doctoring",
    "environment",
    "environments",
    "expand",
    "failure",
    "forget_downloads",
    "free_downloads",
    "free_root",
    "grid",
    "last_report",
    "make_bundle",
    "measured",
    "must_be_environment",
    "newer_version",
    "next_page",
    "options",
    "os_here",
    "page_before",
    "plan",
    "plan_from",
    "plans_for",
    "platform_here",
    "pythons_here",
    "recommend",
    "recommend_many",
    "record",
    "redacted",
    "remove",
    "report",
    "roll_back",
    "room",
    "run",
    "save_plan",
    "save_report",
    "take_back",
    "try_connection",
    "unfinished",
    "verification_exit",
    "verify_environment",
    "with_root",
    "write_support_file",
]

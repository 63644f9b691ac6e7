"""Carry out a plan from a file as the wizard does when somebody presses Install, and print the outcome as JSON."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from setupwizard import workflow
from setupwizard.model.events import ignore
from setupwizard.model.machine import Machine
from setupwizard.model.plan import Plan
from setupwizard.model.recommendation import Recommendation
from setupwizard.model.wire import to_json
from setupwizard.steps.tracking import Track
from setupwizard.tools.concurrency import Cancel

if __name__ == "__main__":
    plan = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Plan)
    machine = Machine(os="linux", arch="x86_64", gpus=())
    decision = Recommendation(data_date="", verdict="cpu", build=plan.build)
    options = workflow.ApplyOptions(level="import")
    outcome = workflow.apply(plan, machine, decision, options, Track(ignore, Cancel()))
    print(to_json(outcome))
    sys.exit(outcome.exit)

#!/usr/bin/python
# Copyright (c) 2026 The setupwizard engineers
# GNU General Public License v3.0 or later (SPDX-License-Identifier: GPL-3.0-or-later)
"""The words of the task; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: torch_env
short_description: Bring a computer to the PyTorch that a setupwizard plan describes
version_added: 0.1.0
description:
  - Runs C(setupwizard apply) on the target, through its console program, and tells what changed.
  - In check mode it says whether something would change, and changes nothing.
  - A second run on a computer that is as the plan says changes nothing and fetches nothing.
  - With O(state=verified) it runs C(setupwizard verify), which only reads.
options:
  plan:
    description: The plan file on the target. Its lock files lie beside it.
    type: str
  recommended:
    description: Without a plan, take what setupwizard recommends for the computer.
    type: bool
    default: false
  cpu:
    description: The build for the processor, also on a computer with a card.
    type: bool
    default: false
  root:
    description: The environment's folder. Without it, the default of setupwizard.
    type: str
  bundle:
    description: An offline folder on the target, made by C(setupwizard bundle).
    type: str
  sources:
    description: Only from these sources, in the order of preference. An id, an address or a folder.
    type: list
    elements: str
    default: []
  offline:
    description: Never touch the network.
    type: bool
    default: false
  expect_plan:
    description: Go on only if the plan is this one, C(sha256:) and its digest.
    type: str
  scope:
    description: For the account that runs it, or for every account of the computer.
    type: str
    choices: [user, machine]
  state:
    description: Whether to make it so, or only to prove it.
    type: str
    choices: [present, verified]
    default: present
  exe:
    description: The command that starts setupwizard on the target.
    type: list
    elements: str
    default: [setupwizard]
attributes:
  check_mode:
    description: Says whether something would change, and changes nothing.
    support: full
  diff_mode:
    description: Names the environment in use before and after.
    support: full
author:
  - The setupwizard engineers (@setupwizard)
"""

EXAMPLES = r"""
- name: PyTorch as the plan says
  setupwizard.lab.torch_env:
    plan: /srv/lab/plan.toml

- name: From a folder that was brought along, without any network
  setupwizard.lab.torch_env:
    bundle: D:\lab-2026
    offline: true
    exe: ["C:\\Program Files\\setupwizard\\setupwizard.exe"]

- name: Is it still what the plan says
  setupwizard.lab.torch_env:
    plan: /srv/lab/plan.toml
    state: verified
"""

RETURN = r"""
status:
  description: How the install ended, C(done), C(already-done), C(planned), C(failed) or C(cancelled).
  returned: state is present
  type: str
generation:
  description: The environment that was made or planned.
  returned: state is present
  type: str
fetched_bytes:
  description: What was fetched over the network by this run.
  returned: state is present
  type: int
reused_bytes:
  description: What earlier runs had fetched already.
  returned: state is present
  type: int
verdict:
  description: How the proof ended, C(pass), C(warn), C(fail) or C(not-verified).
  returned: when a proof was given
  type: str
reboot_required:
  description: Whether a restart is needed. Nothing is ever restarted by setupwizard.
  returned: state is present
  type: bool
error:
  description: What went wrong, with a stable code, a title and advice.
  returned: on failure
  type: dict
"""

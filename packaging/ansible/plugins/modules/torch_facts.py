#!/usr/bin/python
# Copyright (c) 2026 The setupwizard engineers
# GNU General Public License v3.0 or later (SPDX-License-Identifier: GPL-3.0-or-later)
"""The words of the task; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: torch_facts
short_description: Gather graphics cards, driver and the right build of PyTorch
version_added: 0.1.0
description:
  - Runs C(setupwizard detect) and C(setupwizard recommend) on the target and sets their documents as facts.
  - Nothing is changed, and nothing is sent anywhere.
options:
  recommend:
    description: Whether to ask for the right build too.
    type: bool
    default: true
  exe:
    description: The command that starts setupwizard on the target.
    type: list
    elements: str
    default: [setupwizard]
attributes:
  check_mode:
    description: Only reads, so it runs in check mode too.
    support: full
author:
  - The setupwizard engineers (@setupwizard)
"""

EXAMPLES = r"""
- name: What is this computer
  setupwizard.lab.torch_facts:

- name: Only where a card can be used
  ansible.builtin.debug:
    msg: "{{ setupwizard_recommendation.build.requirement }}"
  when: setupwizard_recommendation.verdict == "gpu"
"""

RETURN = r"""
ansible_facts:
  description: The documents Machine and Recommendation of setupwizard.
  returned: success
  type: dict
  contains:
    setupwizard_machine:
      description: Cards, driver, system, Pythons.
      type: dict
    setupwizard_recommendation:
      description: The verdict, the build and the reasons.
      type: dict
"""

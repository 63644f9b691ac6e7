"""How the program calls itself: probes that may hang run in a child of their own, which loads nothing but its probe."""

from __future__ import annotations

from collections.abc import Sequence

WORDS = ("_nvml", "_nvml-watch", "_cuda", "_pip")
"""What the first argument of such a child is."""


def run(words: Sequence[str]) -> int:
    """Do a child's work and return its exit status.

    Args:
        words: its arguments: "_nvml" and the cards to ask, all when none is named; "_nvml-watch" and one card; "_cuda",
            with "--devices" to list the devices too; "_pip" and pip's own.
    """
    name, *rest = words
    if name == "_cuda":
        from setupwizard.probes import cuda_child

        return cuda_child.main(devices=cuda_child.DEVICES in rest)
    if name == "_nvml-watch":
        from setupwizard.probes import nvml_watch_child

        return nvml_watch_child.main(rest[0])
    if name == "_pip":
        from setupwizard.tools import pip

        return pip.here(rest)
    from setupwizard.probes import nvml_child

    return nvml_child.main(rest)

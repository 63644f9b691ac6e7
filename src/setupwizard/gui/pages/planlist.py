"""The plan as a list of everything that will happen."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout

from setupwizard.gui import theme
from setupwizard.gui.command import shell_line
from setupwizard.gui.widgets.basic import Inset, Label
from setupwizard.gui.widgets.pool import Pool
from setupwizard.gui.wording import step_doing
from setupwizard.i18n import _
from setupwizard.model.format import format_bytes
from setupwizard.model.plan import Plan


class PlanList(Inset):
    """Everything that an install will do: the steps with their programs, the packages, where they come from."""

    def __init__(self) -> None:
        """Lay out an empty list."""
        super().__init__()
        look = theme.current()
        column = QVBoxLayout(self)
        column.setContentsMargins(look.px(12), look.px(10), look.px(12), look.px(10))
        column.setSpacing(look.px(3))
        self._labels = Pool(column, lambda: Label("body"))

    def show_plan(self, plan: Plan) -> None:
        """Show another plan."""
        lines = _plan_lines(plan)
        for label, (role, text) in zip(self._labels.take(len(lines)), lines, strict=True):
            label.set_role(role)
            label.show_text(text)


def _plan_lines(plan: Plan) -> list[tuple[str, str]]:
    """Return everything that a plan says, each line with its role."""
    lines = [("strong", _("Steps"))]
    for number, step in enumerate(plan.steps, 1):
        lines.append(("body", f"{number}. {step.title or step_doing(step.id)}"))
        if step.argv:
            lines.append(("mono", shell_line(step.argv)))
    lines.append(("strong", _("Packages")))
    total = sum(package.size for package in plan.packages)
    rows = [f"{package.name} {package.version}  {format_bytes(package.size)}" for package in plan.packages]
    lines.append(("mono", "\n".join(rows)))
    lines.append(("caption", _("{size} in all").format(size=format_bytes(total))))
    if plan.source.settings:
        settings = [f"{row.name} = {row.value}  ({row.origin})" for row in plan.source.settings]
        lines += [("strong", _("Settings of this computer that take part")), ("mono", "\n".join(settings))]
    if plan.tried:
        texts = "\n".join(tried.text for tried in plan.tried)
        lines += [("strong", _("Download servers that were asked")), ("body", texts)]
    return lines

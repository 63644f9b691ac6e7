"""Page 3: the build, what it takes, why it is the right one, and every choice behind it. Install stands here."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from setupwizard.gui import theme
from setupwizard.gui.pages.base import Footer, Page
from setupwizard.gui.pages.details import Details
from setupwizard.gui.pages.planlist import PlanList
from setupwizard.gui.state import State
from setupwizard.gui.widgets.basic import Card, Chip, IconTile, Label, Rule, show_if
from setupwizard.gui.widgets.panels import Banner, Disclosure
from setupwizard.gui.widgets.pool import Pool
from setupwizard.gui.widgets.rows import CheckRow, CheckRows, Fact, FactGrid, RowText
from setupwizard.gui.wording import action_button, build_title, companions_of, torch_name
from setupwizard.i18n import _
from setupwizard.model.format import format_bytes, format_estimate, listed
from setupwizard.model.naming import variant_name
from setupwizard.model.plan import Plan, about_folder
from setupwizard.model.recommendation import Action, Build, Recommendation

_UNPACK_BYTES_PER_S = 40_000_000
"""How fast packages are unpacked on a common disk with an antivirus; only for the estimate of the time."""
_FIXED_SECONDS = 40
"""What does not grow with the size: environment, first start, proof."""


class ReasonRow(QWidget):
    """One reason, with a tick."""

    def __init__(self) -> None:
        """Make an empty row."""
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.current().px(10))
        row.addWidget(IconTile("check", 16, ink="ok"), 0, Qt.AlignmentFlag.AlignTop)
        self._text = Label("body")
        row.addWidget(self._text, 1)

    def show_reason(self, text: str) -> None:
        """Show another reason."""
        self._text.show_text(text)


class BuildPage(Page):
    """The recommendation as a card with its reasons; the details unfold, and in the custom way they are unfolded.

    Signals:
        choices_wanted(object): the new Choices: the person chose something else.
        folder_wanted(): the person wants to pick the folder.
        wheels_wanted(): the person wants to pick a folder that holds the packages.
    """

    name = "build"
    choices_wanted = Signal(object)
    folder_wanted = Signal()
    wheels_wanted = Signal()

    def __init__(self) -> None:
        """Lay out the page."""
        super().__init__()
        look = theme.current()
        self.setCommitPage(True)
        self._unfolded_for_custom = False
        self.notice = Banner()
        self.notice.hide()
        self.notice.accepted.connect(self._on_notice)
        self._notice_url = ""
        self.details_fold, self.plan_fold, self.others_fold = Disclosure(), Disclosure(), Disclosure()
        self.details = Details()
        self.details.choices_wanted.connect(self.choices_wanted)
        self.details.folder_wanted.connect(self.folder_wanted)
        self.details.wheels_wanted.connect(self.wheels_wanted)
        self.details.copy_wanted.connect(self.copy_wanted)
        self.details_fold.inside.addWidget(self.details)
        self.details_fold.toggled.connect(self._on_fold)
        self.plan_list = PlanList()
        self.plan_fold.inside.addWidget(self.plan_list)
        others = QVBoxLayout()
        others.setSpacing(0)
        self.others_fold.inside.addLayout(others)
        self._others = CheckRows(others)
        folds = QVBoxLayout()
        folds.setSpacing(look.px(6))
        folds.addWidget(self.details_fold)
        folds.addWidget(self.others_fold)
        folds.addWidget(self.plan_fold)
        self.content.addWidget(self.error_card)
        self.content.addWidget(self.notice)
        self.content.addWidget(self._build_card())
        self.content.addLayout(folds)
        self.content.addStretch(1)

    def show_state(self, state: State) -> None:
        """Show the build and what an install would do."""
        self.busy = state.planning
        self.show_problem(state.errors.get("build"))
        self.valid = state.plan is not None
        own = state.decision is not None and state.advice is not None and state.decision.build != state.advice.build
        if state.custom and not self._unfolded_for_custom:
            self._unfolded_for_custom = True
            self.details_fold.unfold()
        title = _("Install the build that you chose") if own else _("We recommend this build")
        if self.error is not None and state.plan is None:
            title = _("There is something to settle first")
            self.set_heading(title, _("Your choices stay. Nothing is installed until you press Install."))
        else:
            self.set_heading(title, _("Press Install to start, or change the details below."))
        self._show_build(state, own=own)
        self._show_notice(state)
        self.details_fold.show_title(_("Change the details"))
        self.plan_fold.show_title(_("Show everything that will happen"))
        show_if(self.plan_fold, state.plan is not None and not state.planning)
        self._show_others(state.decision)
        self.details.show_state(state)
        if state.plan is not None:
            self.plan_list.show_plan(state.plan)

    def footer(self) -> Footer:
        """Return the buttons; the reason is told while Install cannot be pressed."""
        state = self._state
        there = state is not None and state.plan is not None and not state.plan.changes
        return Footer(
            primary=_("Continue") if there else _("Install"),
            enabled=self.isComplete(),
            reason=_("Asking the download servers...") if self.busy else "",
            filled=self.error is None,
            back=True,
            cancel=_("Cancel"),
        )

    def _build_card(self) -> Card:
        look = theme.current()
        card = Card(tone="accent", spacing=10)
        head = QHBoxLayout()
        head.setSpacing(look.px(12))
        self._name = Label("h2")
        self._chip = Chip()
        head.addWidget(self._name, 1)
        head.addWidget(self._chip, 0, Qt.AlignmentFlag.AlignVCenter)
        self._with = Label("caption")
        self._facts = FactGrid()
        self._asking = CheckRow()
        self._source = Label("caption")
        self._rule = Rule()
        self._why = Label("strong")
        reasons = QVBoxLayout()
        reasons.setSpacing(look.px(6))
        self._reasons = Pool(reasons, ReasonRow)
        card.body.addLayout(head)
        card.body.addWidget(self._with)
        card.body.addWidget(self._facts)
        card.body.addWidget(self._asking)
        card.body.addWidget(self._source)
        card.body.addWidget(self._rule)
        card.body.addWidget(self._why)
        card.body.addLayout(reasons)
        return card

    def _show_build(self, state: State, *, own: bool) -> None:
        build = state.build
        self._name.show_text(build_title(build) if build is not None else _("No build yet"))
        stop_gap = state.decision is not None and state.decision.verdict == "fix-driver"
        if own or stop_gap:
            self._chip.show_chip("info", _("For now") if stop_gap else _("Your choice"))
        else:
            self._chip.show_chip("ok", _("Recommended for your PC") if build is not None else "")
        plan = None if state.planning else state.plan
        self._with.show_text(_companions(plan.build) if plan is not None else "")
        self._facts.show_facts(_facts(state, plan))
        show_if(self._asking, state.planning)
        self._asking.show_state("checking", _("Asking the download servers for exact sizes..."))
        # whoever looks at the details sees the server among them
        self._source.show_text("" if self.details_fold.unfolded else _source_sentence(plan))
        reasons = _reasons(state.decision) if not self.details_fold.unfolded else []
        self._why.show_text(_("Why this build?") if reasons else "")
        show_if(self._rule, bool(reasons))
        for row, text in zip(self._reasons.take(len(reasons)), reasons, strict=True):
            row.show_reason(text)

    def _show_others(self, decision: Recommendation | None) -> None:
        """Show the builds that were not chosen because they do not run here, each with its reason."""
        rejected = decision.rejected if decision is not None else ()
        self.others_fold.show_title(_("Why not another build?"))
        show_if(self.others_fold, bool(rejected))
        self._others.show_rows(
            [
                RowText(
                    state="skipped",
                    name=_("PyTorch {version} for {platform}").format(
                        version=torch_name(one.torch), platform=variant_name(one.variant)
                    ),
                    detail=one.text,
                )
                for one in rejected
            ]
        )

    def _show_notice(self, state: State) -> None:
        """Show the one thing beside the build that is worth a look before Install is pressed."""
        plan = None if state.planning else state.plan
        lost = plan.not_carried if plan is not None else ()
        other = plan.why_other if plan is not None else None
        action, after = _driver_advice(state.decision)
        folder = about_folder(plan) if plan is not None else None
        show_if(self.notice, bool(lost or other or after or folder))
        self._notice_url = ""
        if lost:
            title = _("Packages that you added will not be in the new environment")
            self.notice.show_notice("warn", title, ", ".join(lost))
        elif other:
            self.notice.show_notice("info", _("Another build than the newest one"), other)
        elif action is not None and after is not None:
            self._notice_url = action.url or ""
            button = action_button(action.code) if self._notice_url else ""
            title = _("With another driver: {build}").format(build=build_title(after))
            self.notice.show_notice("info", title, action.text, first=button)
            self.notice.first.set_kind("outline")
        elif folder:
            self.notice.show_notice("info", _("Worth knowing"), folder)

    def _on_notice(self) -> None:
        if self._notice_url:
            self.url_wanted.emit(self._notice_url)

    def _on_fold(self, _on: bool) -> None:
        if self._state is not None:
            self._show_build(self._state, own=self._chip.text() == _("Your choice"))


def _driver_advice(decision: Recommendation | None) -> tuple[Action | None, Build | None]:
    """Return what a driver would bring: the advice with its branch and link, and the build that runs after it."""
    if decision is None or decision.after is None:
        return None, None
    action = next((one for one in decision.actions if one.code.endswith("nvidia-driver")), None)
    return action, decision.after if action is not None else None


def _reasons(decision: Recommendation | None) -> list[str]:
    return [reason.text for reason in decision.reasons[:4]] if decision is not None else []


def _companions(build: Build) -> str:
    """Return what comes along with a build, empty when that is nothing."""
    names = listed(companions_of(build))
    return _("Comes with {packages}.").format(packages=names) if names else ""


def _facts(state: State, plan: Plan | None) -> list[Fact]:
    if plan is not None:
        facts = [
            Fact(_("Download"), format_bytes(plan.download_bytes)),
            Fact(_("Disk space"), format_bytes(plan.stored_bytes)),
        ]
        seconds = estimated_seconds(plan)
        if seconds is not None:
            facts.append(Fact(_("About"), format_estimate(seconds)))
        return [*facts, Fact(_("Installs into"), plan.root, elide=True)]
    facts = []
    if state.estimate is not None:
        facts = [
            Fact(_("Download"), _("about {size}").format(size=format_bytes(state.estimate.download_bytes))),
            Fact(_("Disk space"), _("about {size}").format(size=format_bytes(state.estimate.stored_bytes))),
        ]
    return [*facts, Fact(_("Installs into"), state.choices.root, elide=True)]


def estimated_seconds(plan: Plan) -> float | None:
    """Return how long the install will take, None while nobody measured how fast the server is."""
    rate = next((tried.bytes_per_s for tried in plan.tried if tried.id == plan.source.id), None)
    if plan.download_bytes and not rate:
        return None
    download = plan.download_bytes / rate if rate else 0.0
    return download + plan.stored_bytes / _UNPACK_BYTES_PER_S + _FIXED_SECONDS


def _source_sentence(plan: Plan | None) -> str:
    if plan is None:
        return ""
    rate = next((tried.bytes_per_s for tried in plan.tried if tried.id == plan.source.id), None)
    if not rate:
        return plan.source.why
    return _("{why} Measured: {rate}.").format(why=plan.source.why, rate=f"{format_bytes(rate)}/s")

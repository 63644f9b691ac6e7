"""The CUDA Toolkit: whether it is here, that nobody needs it, and which one it is for who compiles extensions."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout

from setupwizard.gui import theme
from setupwizard.gui.widgets.basic import Button, Card, Label, show_if
from setupwizard.gui.widgets.panels import Disclosure
from setupwizard.gui.widgets.rows import CheckRows, RowText
from setupwizard.i18n import _
from setupwizard.model.machine import Machine, Toolkit
from setupwizard.model.naming import cuda_named, variant_name
from setupwizard.model.recommendation import Build


class ToolkitFold(Disclosure):
    """Folded away: what a beginner looks for here is the word that it is not needed, and that is in the title.

    Signals:
        url_wanted(str): the person wants to see the maker's page.
    """

    url_wanted = Signal(str)

    def __init__(self) -> None:
        """Lay out the part."""
        super().__init__()
        look = theme.current()
        card = Card(spacing=6)
        self._text = Label("body")
        self._who, self._advice = Label("strong"), Label("body")
        self.link = Button("link", icon="link")
        self.link.clicked.connect(self._on_link)
        rows = QVBoxLayout()
        rows.setSpacing(0)
        self._rows = CheckRows(rows)
        card.body.addWidget(self._text)
        card.body.addLayout(rows)
        card.body.addSpacing(look.px(4))
        for part in (self._who, self._advice, self.link):
            card.body.addWidget(part)
        self.inside.addWidget(card)

    def show_machine(self, machine: Machine | None, build: Build | None) -> None:
        """Show what a computer has of it; `build` says which one would match."""
        nvidia = machine is not None and any(gpu.vendor == "nvidia" for gpu in machine.gpus)
        show_if(self, machine is not None and (nvidia or bool(machine.toolkits)))
        if machine is None:
            return
        cuda = cuda_named(build.variant) if build is not None else None
        if machine.toolkits:
            title = _("CUDA Toolkit {version} is here; PyTorch does not need it")
            self.show_title(title.format(version=machine.toolkits[0].version))
        else:
            self.show_title(_("No CUDA Toolkit is here, and PyTorch does not need one"))
        self._text.show_text(_("You don't need it to use PyTorch: the build brings its own CUDA files."))
        self._rows.show_rows([_row(toolkit, cuda, build) for toolkit in machine.toolkits])
        self._who.show_text(_("For who compiles extensions of PyTorch"))
        self._advice.show_text(_advice(cuda))
        self.link.setText(_("Open NVIDIA's list of toolkits"))

    def _on_link(self) -> None:
        from setupwizard.model.catalogue import load_catalogue  # the window comes first

        self.url_wanted.emit(load_catalogue().links.cuda_toolkit)


def _advice(cuda: str | None) -> str:
    if cuda is None:
        return _("The chosen build is not made for CUDA: no toolkit belongs to it.")
    return _(
        "Take CUDA Toolkit {cuda}: the build is made with it, and its compiler nvcc has to be of the same version."
    ).format(cuda=cuda)


def _row(toolkit: Toolkit, cuda: str | None, build: Build | None) -> RowText:
    """Return whether the compiler of a toolkit goes with the build, by the rule of torch's own extension builder.

    It refuses another major version, and warns at another minor one.
    """
    name = _("CUDA Toolkit {version} in {folder}").format(version=toolkit.version, folder=toolkit.path)
    if cuda is None or build is None:
        return RowText(state="info", name=name)
    own, wanted = toolkit.version.split(".")[:2], cuda.split(".")[:2]
    platform = variant_name(build.variant)
    if own == wanted:
        return RowText(state="ok", name=name, detail=_("Its nvcc matches {platform}.").format(platform=platform))
    if own[:1] == wanted[:1]:
        detail = _("Its nvcc works with {platform}; PyTorch will remark on the small difference.")
        return RowText(state="info", name=name, detail=detail.format(platform=platform))
    detail = _("Its nvcc does not match {platform}: PyTorch would refuse to compile with it.")
    return RowText(state="warn", name=name, detail=detail.format(platform=platform))

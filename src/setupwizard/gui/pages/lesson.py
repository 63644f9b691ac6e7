"""What PyTorch is, in 60 seconds: something to look at while a download runs, and nothing that anybody has to read."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from setupwizard.gui import theme
from setupwizard.gui.widgets.basic import Button, Card, Label
from setupwizard.gui.widgets.lessons import LessonPicture
from setupwizard.gui.widgets.rows import animations_wanted
from setupwizard.i18n import N_, _

EACH_MS = 12_000
"""Five of them make the minute."""

LESSONS: tuple[tuple[str, str, str], ...] = (
    (
        "tensors",
        N_("Tensors"),
        N_("A tensor is a table of numbers; your graphics card calculates with all of them at once."),
    ),
    (
        "autograd",
        N_("Autograd"),
        N_("PyTorch notes every step of a calculation, so it knows which number to change for a better result."),
    ),
    ("nn", N_("Layers (nn)"), N_("torch.nn holds the layers of neural networks; stack some, and you have a model.")),
    (
        "optim",
        N_("Optimizers (optim)"),
        N_("An optimizer changes the numbers of a model a little, again and again, until its answers get better."),
    ),
    ("data", N_("Data"), N_("A DataLoader hands your pictures or texts to the model in small, shuffled batches.")),
)


class LessonPanel(Card):
    """One sentence and one drawing at a time. It goes on by itself, unless the system asks for less motion.

    Signals:
        skipped(): the person does not want to see it.
    """

    skipped = Signal()

    def __init__(self) -> None:
        """Show the first one."""
        super().__init__()
        look = theme.current()
        self.place = 0
        self._picture = LessonPicture()
        self._over, self._title, self._text = Label("caption"), Label("strong"), Label("body")
        self.following = Button("link", icon="right")
        self.skip = Button("link")
        self.following.clicked.connect(self.go_on)
        self.skip.clicked.connect(self.skipped)
        words = QVBoxLayout()
        words.setSpacing(look.px(2))
        for label in (self._over, self._title, self._text):
            words.addWidget(label)
        words.addStretch(1)
        buttons = QVBoxLayout()
        buttons.setSpacing(look.px(2))
        buttons.addWidget(self.following)
        buttons.addWidget(self.skip)
        buttons.addStretch(1)
        self.body.setContentsMargins(look.px(14), look.px(10), look.px(14), look.px(10))
        row = QHBoxLayout()
        row.setSpacing(look.px(14))
        row.addWidget(self._picture)
        row.addLayout(words, 1)
        row.addLayout(buttons)
        self.body.addLayout(row)
        self._timer = QTimer(self)
        self._timer.setInterval(EACH_MS)
        self._timer.timeout.connect(self.go_on)

    def retranslate(self) -> None:
        """Say the present one in the present language."""
        name, title, text = LESSONS[self.place]
        self._picture.show_lesson(name)
        self._over.show_text(
            _("What is PyTorch, in 60 seconds ({place} of {count})").format(place=self.place + 1, count=len(LESSONS))
        )
        self._title.show_text(_(title))
        self._text.show_text(_(text))
        self.following.setText(_("Next"))
        self.skip.setText(_("Hide"))
        self.setAccessibleName(_("What is PyTorch, in 60 seconds"))
        self.setAccessibleDescription(f"{_(title)}. {_(text)}")

    def go_on(self) -> None:
        """Show the next one; after the last one the first."""
        self.place = (self.place + 1) % len(LESSONS)
        self.retranslate()
        if self._timer.isActive():
            self._timer.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Go on by itself while somebody can see it, and wants things to move."""
        super().showEvent(event)
        if animations_wanted(self):
            self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Rest."""
        super().hideEvent(event)
        self._timer.stop()

"""Errors are values: a code from a closed list, facts, and sentences that say what happened and what to do next."""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING

from setupwizard.codes import ErrorCode, exit_code
from setupwizard.i18n import _

if TYPE_CHECKING:
    from setupwizard.sentences import Sentence


def facts_in(text: str) -> set[str]:
    """Return the names of the facts that a sentence needs."""
    return {name for _text, name, _form, _conversion in Formatter().parse(text) if name}


class _Facts(dict[str, object]):
    """Lets a sentence be made even when a fact is missing: it is left out, never a traceback."""

    def __missing__(self, key: str) -> str:
        return ""


class SetupError(Exception):
    """Something that a person can understand and act on.

    Attributes:
        code: the stable word of the error; also the id of its card in the window.
        facts: what the sentences are made of; never a secret, never a whole log.
        detail: what a program printed or said, for the log drawer.
        log: the log file, when one was written.
    """

    def __init__(self, code: ErrorCode, *, detail: str = "", log: str | None = None, **facts: object) -> None:
        """Take a code and its facts; the sentences are made when they are asked for."""
        super().__init__(code)
        self.code: ErrorCode = code
        self.facts = facts
        self.detail = detail
        self.log = log

    @property
    def sentence(self) -> Sentence:
        """The row of the table that this error is an example of."""
        from setupwizard.sentences import SENTENCES  # every sentence there is: the first window has no error to tell

        return SENTENCES[self.code]

    @property
    def named_facts(self) -> dict[str, str]:
        """Those facts that stand in the sentences, as texts."""
        row = self.sentence
        texts = (row.title, row.advice, *(text for _code, text in row.fixes))
        return {name: str(self.facts[name]) for text in texts for name in facts_in(text) if name in self.facts}

    @property
    def exit_id(self) -> str:
        """The id of the exit table."""
        return self.sentence.exit_id

    @property
    def title(self) -> str:
        """What happened, in the present language."""
        return _(self.sentence.title).format_map(_Facts(self.facts)).strip()

    @property
    def advice(self) -> str:
        """What to do next, in the present language."""
        return _(self.sentence.advice).format_map(_Facts({"log": self.log or "", **self.facts})).strip()

    @property
    def fixes(self) -> tuple[tuple[str, str], ...]:
        """What the person can choose to do: (code, text in the present language)."""
        return tuple((code, _(text).format_map(_Facts(self.facts)).strip()) for code, text in self.sentence.fixes)

    @property
    def retryable(self) -> bool:
        """Whether the same action may work a little later without any change."""
        return self.sentence.retryable

    def exit_code(self, style: str = "posix") -> int:
        """Return the number that the program ends with."""
        return exit_code(self.exit_id, style)

    def __str__(self) -> str:
        """Title and advice, for people."""
        return f"{self.title}. {self.advice}"


class Cancelled(SetupError):  # noqa: N818 - a wish, not a fault
    """The user asked to stop."""

    def __init__(self) -> None:
        """Take nothing: there is one way to be cancelled."""
        super().__init__("cancelled")

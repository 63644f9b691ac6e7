"""What every command shares: options, how it speaks, and how it ends."""

from __future__ import annotations

import functools
import logging
import logging.handlers
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TypeVar

import click

from setupwizard import i18n, platforms
from setupwizard.codes import exit_code
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.events import Error
from setupwizard.model.wire import to_json
from setupwizard.tools import preferences, userdirs
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.pace import Pace

F = TypeVar("F", bound=Callable[..., Any])
log = logging.getLogger("setupwizard")

LOG_BYTES = 2_000_000
LOG_FILES = 3


class Voice:
    """How a command speaks: documents to standard output, sentences to standard error."""

    def __init__(self) -> None:
        """Speak as by default: sentences, POSIX exit codes."""
        self.json = False
        self.quiet = False
        self.exit_codes = "posix"
        self.log: Path | None = None
        self.scope = ""

    def document(self, document: object) -> None:
        """Print a document, the only thing that goes to standard output in --json mode."""
        sys.stdout.write(to_json(document) + "\n")
        sys.stdout.flush()

    def say(self, text: str = "") -> None:
        """Print a result for a person; in --json mode it goes nowhere."""
        if not self.json and not self.quiet:
            click.echo(text)

    def note(self, text: str) -> None:
        """Print a remark for a person to standard error."""
        if not self.quiet:
            click.echo(text, err=True)

    def fail(self, error: SetupError) -> int:
        """Say an error and return the exit code for it."""
        if self.json:
            self.document(Error.of(error))
        click.echo(f"{error.title}.", err=True)
        click.echo(error.advice, err=True)
        log.info("%s: %s", error.code, error.detail or error)
        return error.exit_code(self.exit_codes)


voice = Voice()


def common(command: F) -> F:
    """Add the options that every command takes."""
    for option in reversed(
        (
            click.option("--lang", type=click.Choice(i18n.LANGUAGES), help="Speak this language."),
            click.option("--quiet", is_flag=True, help="Say nothing that is not asked for."),
            click.option("--log", "log_file", type=click.Path(path_type=Path), help="Write the log to this file."),
            click.option("--scope", type=click.Choice(("user", "machine")), help="For whom to install."),
            click.option(
                "--exit-codes", type=click.Choice(("posix", "windows")), default=None, help="The numbers to end with."
            ),
        )
    ):
        command = option(command)

    @functools.wraps(command)
    def with_common(
        *args: Any,
        lang: str | None,
        quiet: bool,
        log_file: Path | None,
        scope: str | None,
        exit_codes: str | None,
        **kwargs: Any,
    ) -> object:
        voice.json = bool(kwargs.get("json"))
        voice.quiet = voice.quiet or quiet
        voice.exit_codes = exit_codes or voice.exit_codes
        i18n.set_language(lang or i18n.language())
        start_log(log_file)
        voice.scope = _scope(scope)
        return command(*args, **kwargs)

    return with_common  # type: ignore[return-value]


def usual_pace() -> Pace:
    """Return how fast downloads may go: as it is set for every visit."""
    return Pace(preferences.present().settings.speed_limit or None)


def _scope(wished: str | None) -> str:
    """Return for whom to install: as wished on this word or an earlier one, else for this user.

    Raises:
        SetupError: "usage": the system's own account has no profile that an environment could live in.
    """
    service = platforms.is_service_account()
    if wished == "user" and service:
        raise SetupError("usage", what=_("--scope user has no place in the account of the system; use --scope machine"))
    scope = wished or voice.scope or ("machine" if service else "user")
    if scope == "machine":
        platforms.let_all_read()
    return scope


json_option = click.option("--json", is_flag=True, help="Print one JSON document to standard output.")


def start_log(path: Path | None) -> None:
    """Begin to write the log: capped, beside nothing of the user's, and never a reason to stop."""
    if voice.log is not None and path is None:
        return
    target = path or userdirs.logs() / "setupwizard.log"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            target, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", delay=False
        )
    except OSError as error:
        if path is not None:
            raise SetupError("root-not-writable", path=str(target.parent), detail=str(error)) from error
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    log.handlers[:] = [handler]
    log.setLevel(logging.DEBUG)
    log.propagate = False
    voice.log = target


@contextmanager
def stop_on_signal() -> Iterator[Cancel]:
    """Turn Ctrl+C and a polite request to end into a wish to stop, so that nothing half-made is left."""
    cancel = Cancel()

    def ask(_number: int, _frame: FrameType | None) -> None:
        cancel.request()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield cancel
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def finish(exit_id_or_code: str | int) -> NoReturn:
    """End the command with an exit id of the contract, or with a code that is already chosen."""
    if isinstance(exit_id_or_code, str):
        sys.exit(exit_code(exit_id_or_code, voice.exit_codes))
    sys.exit(exit_id_or_code)

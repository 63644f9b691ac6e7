"""The verbs of the contract. Each one reads its documents, calls the workflow, prints a document or sentences."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from setupwizard import __version__, i18n, platforms
from setupwizard.cli import commands
from setupwizard.cli.context import common, finish, log, voice
from setupwizard.errors import SetupError
from setupwizard.tools import preferences


@click.group(
    name="setupwizard",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("--text", is_flag=True, help="Use the terminal, even where there is a display.")
@click.option("--version", is_flag=True, help="Print the version.")
@click.option("--self-test", is_flag=True, help="Say what this copy of the program is made of.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path), help="With --self-test: write the document to this file."
)
@common
@click.pass_context
def verbs(ctx: click.Context, text: bool, version: bool, self_test: bool, json_file: Path | None) -> None:
    """Bring PyTorch to this computer's own graphics card, and prove that it runs.

    Without a command it opens the wizard.
    """
    if version:
        click.echo(f"setupwizard {__version__}")
        finish("ok")
    if self_test:
        finish(examine(json_file))
    if ctx.invoked_subcommand is None:
        finish(open_text() if text or not platforms.has_display() else ctx.obj())


for command in commands.ALL:
    verbs.add_command(command)


def examine(file: Path | None) -> str:
    """Let this copy of the program examine itself, tell what came of it, and return the exit id.

    Raises:
        SetupError: "root-not-writable" or "disk-full": the document cannot be written.
    """
    from setupwizard.cli import show
    from setupwizard.model.wire import to_json
    from setupwizard.store.files import write_atomic
    from setupwizard.workflow.self_test import self_test

    told = self_test()
    if file is not None:
        write_atomic(file.absolute(), to_json(told).encode() + b"\n")
    voice.say(show.self_test(told))
    return "ok" if told.passed else "internal"


def open_text() -> int:
    """Run the same flow in the terminal."""
    from setupwizard.cli.text import run_text

    return run_text()


def main(argv: list[str], open_window: Callable[[], int]) -> int:
    """Run the command line and return the exit code of the contract, whatever happens inside.

    Args:
        argv: the words after the program's name.
        open_window: opens the wizard's window: this face does not know the other one.
    """
    _speak_utf8()
    i18n.set_language(i18n.system_language())
    voice.exit_codes = _wished_codes(argv)
    voice.json = "--json" in argv and "--self-test" not in argv  # there it names a file
    try:
        preferences.use(preferences.load())
        i18n.set_language(preferences.language())
        verbs.main(args=argv, prog_name="setupwizard", standalone_mode=False, obj=open_window)
    except SetupError as error:
        return voice.fail(error)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        return voice.fail(SetupError("usage", what=error.format_message()))
    except (click.Abort, KeyboardInterrupt):
        return voice.fail(SetupError("cancelled"))
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except BrokenPipeError:
        return 1
    except Exception as error:  # noqa: BLE001 - whatever breaks ends in a sentence and an exit code
        log.exception("a command broke")
        return voice.fail(SetupError("internal-error", log=str(voice.log or ""), detail=repr(error)))
    return 0


def _wished_codes(argv: list[str]) -> str:
    """Return the style of exit codes before the options are parsed: a usage error has to end in it as well."""
    for place, word in enumerate(argv):
        if word == "--exit-codes" and argv[place + 1 : place + 2] == ["windows"]:
            return "windows"
        if word == "--exit-codes=windows":
            return "windows"
    return "posix"


def _speak_utf8() -> None:
    """Write UTF-8 whatever the code page is: documents are UTF-8 by the contract."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Any = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")

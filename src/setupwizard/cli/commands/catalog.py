"""catalog: what is known about PyTorch's builds, how old it is, and asking for what is new."""

from __future__ import annotations

import click

from setupwizard.cli.context import common, finish, json_option, stop_on_signal, voice
from setupwizard.cli.show import table
from setupwizard.i18n import _, ngettext
from setupwizard.model.catalogue import Catalogue
from setupwizard.model.naming import source_name
from setupwizard.model.wire import to_builtins
from setupwizard.workflow import catalogue as facts

_MOST_NAMED = 4


@click.command()
@click.option("--refresh", is_flag=True, help="Ask the download servers what is new, and keep the answer.")
@json_option
@common
def catalog(refresh: bool, json: bool) -> None:
    """Say what is known about PyTorch's builds, and how old that knowledge is."""
    told = None
    if refresh:
        with stop_on_signal() as cancel:
            told = facts.refresh(cancel)
    now = facts.known()
    told = told or facts.knowledge(now)
    if json:
        voice.document({**to_builtins(now.catalogue), **to_builtins(told)})
    else:
        voice.say(spoken(now.catalogue, told))
    finish("ok")


def spoken(known: Catalogue, told: facts.Knowledge) -> str:
    """Return what is known about builds, and how old it is, for a person."""
    newest = ", ".join(release.torch for release in reversed(known.releases[-5:]))
    servers = ", ".join(source_name(source.id, source.name) for source in known.sources)
    rows = [
        (_("Knowledge of"), f"{told.data_date} ({_age(told.age_days)})"),
        (_("Newest releases of torch"), newest),
        (_("New on the servers"), _named(told.appeared)),
        (_("No longer there"), _named(told.disappeared)),
        (_("Download servers"), "" if told.asked else servers),
        *((source_name(one.id, one.name), one.text) for one in told.asked),
    ]
    return "\n\n".join(part for part in (table(rows), _remarks(told)) if part)


def _age(days: int) -> str:
    return ngettext("{n} day old", "{n} days old", days).format(n=days) if days else _("of today")


def _named(changes: tuple[facts.Change, ...]) -> str:
    """Return the newest of the builds by name, and how many more there are."""
    names = [f"{one.torch}+{one.variant} ({', '.join(one.platforms)})" for one in reversed(changes)]
    more = len(names) - _MOST_NAMED
    text = ", ".join(names[:_MOST_NAMED])
    return text + (" " + _("and {n} more").format(n=more) if more > 0 else "")


def _remarks(told: facts.Knowledge) -> str:
    remarks = []
    if told.age_days > facts.OLD_DAYS and not told.asked:
        remarks.append(_("That is rather old: `setupwizard catalog --refresh` asks the download servers what is new."))
    if told.asked and not any(one.pages for one in told.asked):
        remarks.append(_("No download server answered, so this is what was known before."))
    if told.assumed:
        text = ngettext(
            "{n} new build could not be asked for which cards it was made: it is assumed to run where the nearest "
            "known one runs.",
            "{n} new builds could not be asked for which cards they were made: they are assumed to run where the "
            "nearest known ones run.",
            len(told.assumed),
        )
        remarks.append(text.format(n=len(told.assumed)))
    if told.note:
        remarks.append(told.note)
    return "\n".join(remarks)


COMMANDS = (catalog,)

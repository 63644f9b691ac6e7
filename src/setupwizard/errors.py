"""Errors are values: a code from a closed list, facts, and sentences that say what happened and what to do next."""

from __future__ import annotations

from string import Formatter

from setupwizard.codes import ErrorCode, exit_code
from setupwizard.i18n import N_, _
from setupwizard.sentences import CONDA, Sentence
from setupwizard.sentences import OTHER_FOLDER as _OTHER_FOLDER
from setupwizard.sentences import PLAN_AGAIN as _PLAN_AGAIN
from setupwizard.sentences import RETRY as _RETRY

_LOOK_AGAIN = ("look-again", N_("Check again"))
_BETTER_FOLDER = ("better-folder", N_("Use {better}"))
_FREE_ROOM = ("free-room", N_("Free space here..."))
_OTHER_SOURCE = ("other-source", N_("Continue from another server"))
_PROXY = ("proxy-settings", N_("Proxy settings..."))
_CERTIFICATE = ("proxy-settings", N_("Add the certificate..."))
_DRIVER_PAGE = ("open-driver-page", N_("Open the driver page"))
_OPEN_PAGE = ("open-page", N_("Open the page"))
_CPU = ("use-cpu-build", N_("Use the CPU version for now"))
_OLDER = ("other-build", N_("Try another build"))
_AUTOMATIC = ("automatic", N_("Leave the choice to us"))
_REPAIR = ("repair", N_("Repair it"))
_INSTALL_HERE = ("install-here", N_("Install it there"))

SENTENCES: dict[ErrorCode, Sentence] = {
    "internal-error": Sentence(
        "internal",
        N_("The setup program made a mistake"),
        N_("Nothing of yours was changed. Try again; if it happens once more, send us the support file {log}."),
        fixes=(_RETRY,),
    ),
    "tool-failed": Sentence(
        "internal",
        N_("{tool} stopped before it was done"),
        N_("Your previous installation was not touched. Try again; the details say what {tool} printed."),
        retryable=True,
        fixes=(_RETRY,),
    ),
    "not-built": Sentence(
        "not-built",
        N_("This version cannot do that yet: {what}"),
        N_("Nothing was changed. A later version will do it."),
        fixes=(_AUTOMATIC,),
    ),
    "usage": Sentence(
        "usage",
        N_("The command was not understood: {what}"),
        N_("Look at the command's --help, then try again."),
        fixes=(_AUTOMATIC,),
    ),
    "document-unreadable": Sentence(
        "usage",
        N_("The file {file} could not be read"),
        N_("Check that the file is there and that you may read it."),
        fixes=(_RETRY,),
    ),
    "document-invalid": Sentence(
        "usage",
        N_("The file {file} is not what this command reads"),
        N_("Make it again with setupwizard, or correct it: {problem}"),
        fixes=(_RETRY,),
    ),
    "environment-missing": Sentence(
        "usage",
        N_("There is no PyTorch environment in {root}"),
        N_("Choose the folder of an environment that setupwizard made, or install one there first."),
        fixes=(_INSTALL_HERE, _OTHER_FOLDER),
    ),
    "nothing-to-roll-back": Sentence(
        "usage",
        N_("There is no earlier installation in {root} to go back to"),
        N_("The present one stays as it is."),
        fixes=(_LOOK_AGAIN,),
    ),
    "no-build": Sentence(
        "unsupported",
        N_("No PyTorch build fits what was asked for"),
        N_("Leave the choice of version and platform to the program, or choose another one. {problem}"),
        fixes=(_AUTOMATIC,),
    ),
    "plan-not-for-here": Sentence(
        "unsupported",
        N_("The plan {name} has no build for this computer"),
        N_("{problem} Nothing was changed. Ask who made the plan to add a build for computers like this one."),
    ),
    "split": Sentence(
        "unsupported",
        N_("No single build serves all of these cards"),
        N_("Choose one card or one group of cards, and install for that."),
        fixes=(_AUTOMATIC,),
    ),
    "change-python": Sentence(
        "unsupported",
        N_("Python {python} has no fitting PyTorch build"),
        N_("Use Python {better}, or leave the choice of Python to the program."),
        fixes=(_AUTOMATIC,),
    ),
    "other-route": Sentence(
        "unsupported",
        N_("This computer is served by another publisher's builds"),
        N_("Follow the link that the recommendation names: {url}"),
        fixes=(_OPEN_PAGE, _CPU),
    ),
    "unsupported-os": Sentence(
        "unsupported",
        N_("PyTorch has no build for this system"),
        N_("Use a newer system, or another computer."),
        fixes=(_LOOK_AGAIN,),
    ),
    "driver-missing": Sentence(
        "driver",
        N_("The graphics card's driver is not installed"),
        N_("Install the driver from {url}, restart the computer, then try again."),
        fixes=(_DRIVER_PAGE, _LOOK_AGAIN, _CPU),
    ),
    "driver-old": Sentence(
        "driver",
        N_("The graphics driver {driver} is too old for any build that runs on this card"),
        N_("Install driver {at_least} or newer from {url}, restart the computer, then try again."),
        fixes=(_DRIVER_PAGE, _LOOK_AGAIN, _CPU),
    ),
    "hardware-unreachable": Sentence(
        "driver",
        N_("The graphics card cannot be reached"),
        N_("Check that it is plugged in, awake and not given to a virtual machine, then try again."),
        fixes=(_LOOK_AGAIN, _CPU),
    ),
    "disk-full": Sentence(
        "disk",
        N_("There is not enough free space in {path}"),
        N_("{need} are needed and {free} are free. Free some space, or choose a folder on another drive."),
        fixes=(_OTHER_FOLDER, _RETRY, _FREE_ROOM),
    ),
    "root-not-writable": Sentence(
        "access",
        N_("The folder {path} cannot be written to"),
        N_("Choose a folder of your own, or ask for the right to write there."),
        fixes=(_OTHER_FOLDER, _RETRY),
    ),
    "root-not-empty": Sentence(
        "access",
        N_("The folder {path} already holds other files"),
        N_("Nothing in it was touched. Choose an empty folder, or one that setupwizard made."),
        fixes=(_OTHER_FOLDER,),
    ),
    "file-in-use": Sentence(
        "access",
        N_("Another program is using a file in {path}"),
        N_(
            "Close Python, Jupyter and editors that use this environment, then try again. An antivirus program that "
            "checks new files lets go of them after a moment."
        ),
        retryable=True,
        fixes=(_RETRY,),
    ),
    "blocked-by-app-control": Sentence(
        "access",
        N_("Smart App Control or App Control of Windows does not let {what} start"),
        N_(
            "It lets programs start that Microsoft or your administrator knows. On a managed computer, ask the "
            "administrator to allow {what}; on your own, wait until it is known, or use another computer. Leave the "
            "protection on."
        ),
        fixes=(_RETRY, _OTHER_FOLDER),
    ),
    "blocked-by-policy": Sentence(
        "access",
        N_("A rule of your organisation does not let {what} start here"),
        N_(
            "Such rules (AppLocker, group policy) often allow programs in certain folders alone. Ask the administrator "
            "which folder to use or to allow this one, then try again."
        ),
        fixes=(_OTHER_FOLDER, _RETRY),
    ),
    "held-by-antivirus": Sentence(
        "access",
        N_("The antivirus program stopped {what}"),
        N_(
            "It checks new files and held this one or took it away. Look at its messages; when it is done, or the "
            "administrator has allowed the file, try again. Leave the protection on."
        ),
        retryable=True,
        fixes=(_RETRY, _OTHER_FOLDER),
    ),
    "path-unsuitable": Sentence(
        "access",
        N_("PyTorch would have problems in the folder {path}"),
        N_("{why} Choose a short folder such as {better}."),
        fixes=(_BETTER_FOLDER, _OTHER_FOLDER),
    ),
    "offline": Sentence(
        "network",
        N_("The network was not to be used, and {host} would be needed"),
        N_("Nothing was asked there. Name an offline folder with --bundle, or go on without --offline."),
    ),
    "network-off": Sentence(
        "network",
        N_("This computer is not connected to a network"),
        N_("{host} could not be asked. Connect to the internet, then try again; what was downloaded is kept."),
        retryable=True,
        fixes=(_RETRY, _PROXY),
    ),
    "name-unknown": Sentence(
        "network",
        N_("The network does not know the name {host}"),
        N_(
            "Its name service (DNS) has no address for it, or does not answer. Check the connection and the name, "
            "or continue from another server."
        ),
        retryable=True,
        fixes=(_OTHER_SOURCE, _RETRY, _PROXY),
    ),
    "host-blocked": Sentence(
        "network",
        N_("The download server {host} cannot be reached from this network"),
        N_(
            "A firewall or a filter may stand in the way. Ask who runs the network to allow {host}, use another "
            "network, or continue from another server; what was downloaded is kept."
        ),
        retryable=True,
        fixes=(_OTHER_SOURCE, _RETRY, _PROXY),
    ),
    "network-timeout": Sentence(
        "network",
        N_("The download server {host} stopped answering"),
        N_("What was downloaded is kept. Try again, or continue from another server."),
        retryable=True,
        fixes=(_OTHER_SOURCE, _RETRY),
    ),
    "server-error": Sentence(
        "network",
        N_("The download server {host} has a problem of its own"),
        N_("Wait a little and try again, or continue from another server. Its answer was {status}."),
        retryable=True,
        fixes=(_OTHER_SOURCE, _RETRY),
    ),
    "proxy-off": Sentence(
        "network",
        N_("The proxy {host} does not answer"),
        N_(
            "Check the proxy in the system's settings and in HTTPS_PROXY, or remove it there where the network has "
            "none; then try again."
        ),
        retryable=True,
        fixes=(_PROXY, _RETRY),
    ),
    "proxy-login": Sentence(
        "proxy-tls",
        N_("The proxy {host} wants a name and a password"),
        N_("Write them into its address, as in HTTPS_PROXY=http://NAME:PASSWORD@{host}, then try again. {ways}"),
        fixes=(_PROXY, _RETRY),
    ),
    "captive-portal": Sentence(
        "proxy-tls",
        N_("This network wants you to log in first"),
        N_(
            "It answered in the place of {host} with a page of its own. Open any page in a browser, log in to the "
            "network, then try again."
        ),
        fixes=(_RETRY,),
    ),
    "tls-intercepted": Sentence(
        "proxy-tls",
        N_("This network checks secure connections with a certificate that the computer does not know"),
        N_(
            "It showed a certificate of {issuer} in the place of {host}. Ask the administrator to add the certificate "
            "of {issuer} to the system, or use another network, then try again."
        ),
        fixes=(_CERTIFICATE, _RETRY),
    ),
    "redirect-insecure": Sentence(
        "proxy-tls",
        N_("{host} led from the secure connection to an open one"),
        N_(
            "Nothing was fetched from {target}, where others could read along and change the answer. Use another "
            "network, or continue from another server."
        ),
        fixes=(_OTHER_SOURCE, _RETRY),
    ),
    "clock-wrong": Sentence(
        "proxy-tls",
        N_("The computer's clock is wrong, so secure connections are refused"),
        N_("The certificate of {host} does not fit its date. Set the date and the time, then try again."),
        fixes=(_RETRY,),
    ),
    "build-not-in-sources": Sentence(
        "not-found",
        N_("No reachable download server has {requirement}"),
        N_("Connect to the internet, name another server, or choose a version that is there. {problem}"),
        fixes=(_RETRY, _OTHER_SOURCE, _AUTOMATIC),
    ),
    "file-missing": Sentence(
        "not-found",
        N_("The download server {host} does not give out the file {file}"),
        N_("Make the plan again, or continue from another server. {answer}"),
        fixes=(_OTHER_SOURCE, _RETRY),
    ),
    "python-missing": Sentence(
        "not-found",
        N_("No Python {python} was found, and none could be brought"),
        N_("Install Python {python}, or leave the choice of Python to the program."),
        fixes=(_LOOK_AGAIN, _AUTOMATIC),
    ),
    "hash-mismatch": Sentence(
        "integrity",
        N_("The downloaded file {file} is damaged"),
        N_("What {host} sent was deleted and not used. Download it again, from another server if there is one."),
        fixes=(_RETRY, _OTHER_SOURCE),
    ),
    "bundle-damaged": Sentence(
        "integrity",
        N_("The offline folder is damaged: {file}"),
        N_("{problem} Nothing of it was used. Copy the folder once more from where it was made."),
    ),
    "audit-failed": Sentence(
        "integrity",
        N_("The new environment does not hold exactly the files of its packages"),
        N_("It was deleted; what you had before is still in use. Check the disk, then install again."),
        fixes=(_RETRY,),
    ),
    "plan-invalid": Sentence(
        "plan",
        N_("The plan {file} cannot be used"),
        N_("Nothing was changed. Make the plan again with setupwizard: {problem}"),
        fixes=(_PLAN_AGAIN,),
    ),
    "plan-unexpected": Sentence(
        "plan",
        N_("The plan is not the one that was expected"),
        N_("Nothing was changed. Compare the two plans: expected {expected}, found {found}."),
        fixes=(_PLAN_AGAIN,),
    ),
    "not-carried": Sentence(
        "plan",
        N_("The new environment cannot keep everything that you added: {names}"),
        N_("Nothing was changed. Go on without these with --leave-out, or choose another version of PyTorch."),
        fixes=(_PLAN_AGAIN,),
    ),
    "busy": Sentence(
        "busy",
        N_("Another copy of the program is working on {root}"),
        N_("Wait until it is done, or close it, then try again."),
        retryable=True,
        fixes=(_RETRY,),
    ),
    "cure-undone": Sentence(
        "drift",
        N_("PyTorch in {folder} could not be put in order"),
        N_("Every file is as it was before. {problem}"),
    ),
    "torch-import-failed": Sentence(
        "verify-failed",
        N_("PyTorch is installed but does not start"),
        N_("It was not put in use; what you had before still is. {problem}"),
        fixes=(_OLDER, _RETRY, _CPU),
    ),
    "gpu-not-seen": Sentence(
        "verify-failed",
        N_("PyTorch starts but does not see the graphics card"),
        N_("It was not put in use; what you had before still is. {problem}"),
        fixes=(_RETRY, _OLDER, _CPU),
    ),
    "wrong-results": Sentence(
        "verify-failed",
        N_("The device calculates wrong results"),
        N_(
            "Do not trust this computer's results yet. Run the check again; if it stays so, the hardware may be faulty."
        ),
        fixes=(_RETRY, _OLDER),
    ),
    "verify-failed": Sentence(
        "verify-failed",
        N_("The check of the new environment was not passed"),
        N_("It was not put in use; what you had before still is. {problem}"),
        fixes=(_RETRY, _OLDER),
    ),
    "drift": Sentence(
        "drift",
        N_("The environment in {root} no longer works as it was installed"),
        N_("{problem} Repair it: only what differs is fetched."),
        fixes=(_REPAIR,),
    ),
    "cancelled": Sentence(
        "cancelled",
        N_("Stopped, as you asked"),
        N_("Nothing half-made is left. What was downloaded is kept for the next time."),
    ),
    **CONDA,
}


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

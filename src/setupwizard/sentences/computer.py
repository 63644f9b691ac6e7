"""What the computer itself may lack: a build that fits, a driver, room, a right, a suitable folder."""

from __future__ import annotations

from setupwizard.codes import ErrorCode
from setupwizard.i18n import N_
from setupwizard.sentences.sentence import (
    AUTOMATIC,
    BETTER_FOLDER,
    CPU,
    DRIVER_PAGE,
    FREE_ROOM,
    LOOK_AGAIN,
    OPEN_PAGE,
    OTHER_FOLDER,
    RETRY,
    Sentence,
)

COMPUTER: dict[ErrorCode, Sentence] = {
    "no-build": Sentence(
        "unsupported",
        N_("No PyTorch build fits what was asked for"),
        N_("Leave the choice of version and platform to the program, or choose another one. {problem}"),
        fixes=(AUTOMATIC,),
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
        fixes=(AUTOMATIC,),
    ),
    "change-python": Sentence(
        "unsupported",
        N_("Python {python} has no fitting PyTorch build"),
        N_("Use Python {better}, or leave the choice of Python to the program."),
        fixes=(AUTOMATIC,),
    ),
    "other-route": Sentence(
        "unsupported",
        N_("This computer is served by another publisher's builds"),
        N_("Follow the link that the recommendation names: {url}"),
        fixes=(OPEN_PAGE, CPU),
    ),
    "unsupported-os": Sentence(
        "unsupported",
        N_("PyTorch has no build for this system"),
        N_("Use a newer system, or another computer."),
        fixes=(LOOK_AGAIN,),
    ),
    "driver-missing": Sentence(
        "driver",
        N_("The graphics card's driver is not installed"),
        N_("Install the driver from {url}, restart the computer, then try again."),
        fixes=(DRIVER_PAGE, LOOK_AGAIN, CPU),
    ),
    "driver-old": Sentence(
        "driver",
        N_("The graphics driver {driver} is too old for any build that runs on this card"),
        N_("Install driver {at_least} or newer from {url}, restart the computer, then try again."),
        fixes=(DRIVER_PAGE, LOOK_AGAIN, CPU),
    ),
    "hardware-unreachable": Sentence(
        "driver",
        N_("The graphics card cannot be reached"),
        N_("Check that it is plugged in, awake and not given to a virtual machine, then try again."),
        fixes=(LOOK_AGAIN, CPU),
    ),
    "disk-full": Sentence(
        "disk",
        N_("There is not enough free space in {path}"),
        N_("{need} are needed and {free} are free. Free some space, or choose a folder on another drive."),
        fixes=(OTHER_FOLDER, RETRY, FREE_ROOM),
    ),
    "root-not-writable": Sentence(
        "access",
        N_("The folder {path} cannot be written to"),
        N_("Choose a folder of your own, or ask for the right to write there."),
        fixes=(OTHER_FOLDER, RETRY),
    ),
    "root-not-empty": Sentence(
        "access",
        N_("The folder {path} already holds other files"),
        N_("Nothing in it was touched. Choose an empty folder, or one that setupwizard made."),
        fixes=(OTHER_FOLDER,),
    ),
    "environment-newer": Sentence(
        "access",
        N_("A newer version of this program made the environment in {path}"),
        N_("Nothing in it was touched. Install that version of setupwizard, or choose another folder."),
        fixes=(OTHER_FOLDER,),
    ),
    "file-in-use": Sentence(
        "access",
        N_("Another program is using a file in {path}"),
        N_(
            "Close Python, Jupyter and editors that use this environment, then try again. An antivirus program that "
            "checks new files lets go of them after a moment."
        ),
        retryable=True,
        fixes=(RETRY,),
    ),
    "blocked-by-app-control": Sentence(
        "access",
        N_("Smart App Control or App Control of Windows does not let {what} start"),
        N_(
            "It lets programs start that Microsoft or your administrator knows. On a managed computer, ask the "
            "administrator to allow {what}; on your own, wait until it is known, or use another computer. Leave the "
            "protection on."
        ),
        fixes=(RETRY, OTHER_FOLDER),
    ),
    "blocked-by-policy": Sentence(
        "access",
        N_("A rule of your organisation does not let {what} start here"),
        N_(
            "Such rules (AppLocker, group policy) often allow programs in certain folders alone. Ask the administrator "
            "which folder to use or to allow this one, then try again."
        ),
        fixes=(OTHER_FOLDER, RETRY),
    ),
    "held-by-antivirus": Sentence(
        "access",
        N_("The antivirus program stopped {what}"),
        N_(
            "It checks new files and held this one or took it away. Look at its messages; when it is done, or the "
            "administrator has allowed the file, try again. Leave the protection on."
        ),
        retryable=True,
        fixes=(RETRY, OTHER_FOLDER),
    ),
    "path-unsuitable": Sentence(
        "access",
        N_("PyTorch would have problems in the folder {path}"),
        N_("{why} Choose a short folder such as {better}."),
        fixes=(BETTER_FOLDER, OTHER_FOLDER),
    ),
}

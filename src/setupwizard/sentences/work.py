"""What may go wrong with the documents, the packages and the proof."""

from __future__ import annotations

from setupwizard.codes import ErrorCode
from setupwizard.i18n import N_
from setupwizard.sentences.sentence import (
    AUTOMATIC,
    CPU,
    INSTALL_HERE,
    LOOK_AGAIN,
    OLDER,
    OTHER_FOLDER,
    OTHER_SOURCE,
    PLAN_AGAIN,
    REPAIR,
    RETRY,
    Sentence,
)

WORK: dict[ErrorCode, Sentence] = {
    "internal-error": Sentence(
        "internal",
        N_("The setup program made a mistake"),
        N_("Nothing of yours was changed. Try again; if it happens once more, send us the support file {log}."),
        fixes=(RETRY,),
    ),
    "tool-failed": Sentence(
        "internal",
        N_("{tool} stopped before it was done"),
        N_("Your previous installation was not touched. Try again; the details say what {tool} printed."),
        retryable=True,
        fixes=(RETRY,),
    ),
    "not-built": Sentence(
        "not-built",
        N_("This version cannot do that yet: {what}"),
        N_("Nothing was changed. A later version will do it."),
        fixes=(AUTOMATIC,),
    ),
    "usage": Sentence(
        "usage",
        N_("The command was not understood: {what}"),
        N_("Look at the command's --help, then try again."),
        fixes=(AUTOMATIC,),
    ),
    "document-unreadable": Sentence(
        "usage",
        N_("The file {file} could not be read"),
        N_("Check that the file is there and that you may read it."),
        fixes=(RETRY,),
    ),
    "document-invalid": Sentence(
        "usage",
        N_("The file {file} is not what this command reads"),
        N_("Make it again with setupwizard, or correct it: {problem}"),
        fixes=(RETRY,),
    ),
    "environment-missing": Sentence(
        "usage",
        N_("There is no PyTorch environment in {root}"),
        N_("Choose the folder of an environment that setupwizard made, or install one there first."),
        fixes=(INSTALL_HERE, OTHER_FOLDER),
    ),
    "nothing-to-roll-back": Sentence(
        "usage",
        N_("There is no earlier installation in {root} to go back to"),
        N_("The present one stays as it is."),
        fixes=(LOOK_AGAIN,),
    ),
    "hash-mismatch": Sentence(
        "integrity",
        N_("The downloaded file {file} is damaged"),
        N_("What {host} sent was deleted and not used. Download it again, from another server if there is one."),
        fixes=(RETRY, OTHER_SOURCE),
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
        fixes=(RETRY,),
    ),
    "plan-invalid": Sentence(
        "plan",
        N_("The plan {file} cannot be used"),
        N_("Nothing was changed. Make the plan again with setupwizard: {problem}"),
        fixes=(PLAN_AGAIN,),
    ),
    "plan-unexpected": Sentence(
        "plan",
        N_("The plan is not the one that was expected"),
        N_("Nothing was changed. Compare the two plans: expected {expected}, found {found}."),
        fixes=(PLAN_AGAIN,),
    ),
    "not-carried": Sentence(
        "plan",
        N_("The new environment cannot keep everything that you added: {names}"),
        N_("Nothing was changed. Go on without these with --leave-out, or choose another version of PyTorch."),
        fixes=(PLAN_AGAIN,),
    ),
    "busy": Sentence(
        "busy",
        N_("Another copy of the program is working on {root}"),
        N_("Wait until it is done, or close it, then try again."),
        retryable=True,
        fixes=(RETRY,),
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
        fixes=(OLDER, RETRY, CPU),
    ),
    "gpu-not-seen": Sentence(
        "verify-failed",
        N_("PyTorch starts but does not see the graphics card"),
        N_("It was not put in use; what you had before still is. {problem}"),
        fixes=(RETRY, OLDER, CPU),
    ),
    "wrong-results": Sentence(
        "verify-failed",
        N_("The device calculates wrong results"),
        N_(
            "Do not trust this computer's results yet. Run the check again; if it stays so, the hardware may be faulty."
        ),
        fixes=(RETRY, OLDER),
    ),
    "verify-failed": Sentence(
        "verify-failed",
        N_("The check of the new environment was not passed"),
        N_("It was not put in use; what you had before still is. {problem}"),
        fixes=(RETRY, OLDER),
    ),
    "drift": Sentence(
        "drift",
        N_("The environment in {root} no longer works as it was installed"),
        N_("{problem} Repair it: only what differs is fetched."),
        fixes=(REPAIR,),
    ),
    "cancelled": Sentence(
        "cancelled",
        N_("Stopped, as you asked"),
        N_("Nothing half-made is left. What was downloaded is kept for the next time."),
    ),
}

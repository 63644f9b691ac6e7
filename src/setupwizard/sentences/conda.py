"""What conda, mamba and micromamba may end with."""

from __future__ import annotations

from setupwizard.codes import ErrorCode
from setupwizard.i18n import N_
from setupwizard.sentences.sentence import AUTOMATIC, LOOK_AGAIN, OTHER_FOLDER, PLAN_AGAIN, RETRY, Sentence

CONDA: dict[ErrorCode, Sentence] = {
    "conda-missing": Sentence(
        "not-found",
        N_("No conda, mamba or micromamba was found that runs on this computer"),
        N_("Leave the choice to the program, which needs none of them, or install Miniforge and try again. {path}"),
        fixes=(AUTOMATIC, LOOK_AGAIN),
    ),
    "conda-usage": Sentence(
        "unsupported",
        N_("This {tool} does not understand what it was asked for"),
        N_("It may be very old. Update it, or leave the choice of conda out; the details say what it printed."),
        fixes=(AUTOMATIC, RETRY),
    ),
    "conda-terms": Sentence(
        "access",
        N_("conda wants its owner's terms to be accepted first"),
        N_(
            "setupwizard never accepts terms for anybody and uses conda-forge alone, which has none. Read them and "
            "decide with `conda tos`, or leave the choice of conda out. {problem}"
        ),
        fixes=(AUTOMATIC, RETRY),
    ),
    "conda-unsatisfiable": Sentence(
        "unsupported",
        N_("conda-forge has no set of packages that go together for what was asked"),
        N_("Leave the versions to the program, or install without conda. {problem}"),
    ),
    "conda-no-cuda": Sentence(
        "driver",
        N_("conda-forge has no GPU build of PyTorch for this driver"),
        N_("Update the driver and restart the computer, or leave the choice of conda-forge out. {problem}"),
    ),
    "conda-package-missing": Sentence(
        "not-found",
        N_("conda-forge does not have a package that is needed"),
        N_("Choose another version of Python or PyTorch, or install without conda. {problem}"),
    ),
    "conda-plan-unclear": Sentence(
        "integrity",
        N_("conda does not say by which checksum {name} can be checked"),
        N_("Nothing was installed, as nothing is that cannot be checked. Update conda, then try again."),
        fixes=(AUTOMATIC, RETRY),
    ),
    "conda-path": Sentence(
        "access",
        N_("conda does not make environments in {path}"),
        N_("Choose a folder without spaces and special characters. {problem}"),
        fixes=(OTHER_FOLDER,),
    ),
    "conda-folder-taken": Sentence(
        "access",
        N_("There is something in {path} already, so conda may make nothing there"),
        N_("Nothing in it was touched. Choose another folder."),
        fixes=(OTHER_FOLDER,),
    ),
    "conda-not-writable": Sentence(
        "access",
        N_("conda may not write to {path}"),
        N_("Choose a folder of your own, or ask for the right to write there and to conda's folder of packages."),
        fixes=(OTHER_FOLDER, RETRY),
    ),
    "conda-environment-missing": Sentence(
        "access",
        N_("conda says that there is no environment in {path}"),
        N_("Make the plan again: a new environment is made, and nothing else is touched."),
        fixes=(PLAN_AGAIN,),
    ),
    "conda-disk-full": Sentence(
        "disk",
        N_("The disk was full before conda was done"),
        N_(
            "{need} are needed in {path} and {free} are free; conda's folder of packages needs room as well. Free some "
            "space, or choose a folder on another drive."
        ),
        fixes=(OTHER_FOLDER, RETRY),
    ),
    "conda-offline": Sentence(
        "network",
        N_("conda has not kept all that is needed, and the network was not to be used"),
        N_(
            "An offline folder holds no packages of conda's. Leave --backend conda out, so that the folder's own "
            "Python is used, or run once without --offline: conda keeps what it loads."
        ),
    ),
    "conda-network": Sentence(
        "network",
        N_("conda cannot reach {host}"),
        N_("Check the connection and conda's own settings for proxies and mirrors (.condarc), then try again."),
        retryable=True,
        fixes=(RETRY,),
    ),
    "conda-link-dropped": Sentence(
        "network",
        N_("The connection broke while conda was loading from {host}"),
        N_("What has arrived is kept in conda's folder. Try again: it goes on from there."),
        retryable=True,
        fixes=(RETRY,),
    ),
    "conda-file-missing": Sentence(
        "not-found",
        N_("{host} lists a package of conda that it does not give out"),
        N_("The list may be older than the server. Make the plan again; if it stays so, use another mirror."),
        fixes=(PLAN_AGAIN,),
    ),
    "conda-checksum": Sentence(
        "integrity",
        N_("A package that conda loaded is damaged"),
        N_("conda did not use it. Try again; if it stays so, use another mirror. {problem}"),
        fixes=(RETRY,),
    ),
    "conda-interrupted": Sentence(
        "cancelled",
        N_("conda was stopped from outside"),
        N_("Nothing half-made is left. Try again: what has arrived is kept in conda's folder."),
        retryable=True,
        fixes=(RETRY,),
    ),
}

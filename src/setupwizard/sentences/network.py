"""What may stand between this computer and the servers, and what they may not have."""

from __future__ import annotations

from setupwizard.codes import ErrorCode
from setupwizard.i18n import N_
from setupwizard.sentences.sentence import AUTOMATIC, CERTIFICATE, LOOK_AGAIN, OTHER_SOURCE, PROXY, RETRY, Sentence

NETWORK: dict[ErrorCode, Sentence] = {
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
        fixes=(RETRY, PROXY),
    ),
    "name-unknown": Sentence(
        "network",
        N_("The network does not know the name {host}"),
        N_(
            "Its name service (DNS) has no address for it, or does not answer. Check the connection and the name, "
            "or continue from another server."
        ),
        retryable=True,
        fixes=(OTHER_SOURCE, RETRY, PROXY),
    ),
    "host-blocked": Sentence(
        "network",
        N_("The download server {host} cannot be reached from this network"),
        N_(
            "A firewall or a filter may stand in the way. Ask who runs the network to allow {host}, use another "
            "network, or continue from another server; what was downloaded is kept."
        ),
        retryable=True,
        fixes=(OTHER_SOURCE, RETRY, PROXY),
    ),
    "network-timeout": Sentence(
        "network",
        N_("The download server {host} stopped answering"),
        N_("What was downloaded is kept. Try again, or continue from another server."),
        retryable=True,
        fixes=(OTHER_SOURCE, RETRY),
    ),
    "server-error": Sentence(
        "network",
        N_("The download server {host} has a problem of its own"),
        N_("Wait a little and try again, or continue from another server. Its answer was {status}."),
        retryable=True,
        fixes=(OTHER_SOURCE, RETRY),
    ),
    "proxy-off": Sentence(
        "network",
        N_("The proxy {host} does not answer"),
        N_(
            "Check the proxy in the system's settings and in HTTPS_PROXY, or remove it there where the network has "
            "none; then try again."
        ),
        retryable=True,
        fixes=(PROXY, RETRY),
    ),
    "proxy-login": Sentence(
        "proxy-tls",
        N_("The proxy {host} wants a name and a password"),
        N_("Write them into its address, as in HTTPS_PROXY=http://NAME:PASSWORD@{host}, then try again. {ways}"),
        fixes=(PROXY, RETRY),
    ),
    "captive-portal": Sentence(
        "proxy-tls",
        N_("This network wants you to log in first"),
        N_(
            "It answered in the place of {host} with a page of its own. Open any page in a browser, log in to the "
            "network, then try again."
        ),
        fixes=(RETRY,),
    ),
    "tls-intercepted": Sentence(
        "proxy-tls",
        N_("This network checks secure connections with a certificate that the computer does not know"),
        N_(
            "It showed a certificate of {issuer} in the place of {host}. Ask the administrator to add the certificate "
            "of {issuer} to the system, or use another network, then try again."
        ),
        fixes=(CERTIFICATE, RETRY),
    ),
    "redirect-insecure": Sentence(
        "proxy-tls",
        N_("{host} led from the secure connection to an open one"),
        N_(
            "Nothing was fetched from {target}, where others could read along and change the answer. Use another "
            "network, or continue from another server."
        ),
        fixes=(OTHER_SOURCE, RETRY),
    ),
    "clock-wrong": Sentence(
        "proxy-tls",
        N_("The computer's clock is wrong, so secure connections are refused"),
        N_("The certificate of {host} does not fit its date. Set the date and the time, then try again."),
        fixes=(RETRY,),
    ),
    "build-not-in-sources": Sentence(
        "not-found",
        N_("No reachable download server has {requirement}"),
        N_("Connect to the internet, name another server, or choose a version that is there. {problem}"),
        fixes=(RETRY, OTHER_SOURCE, AUTOMATIC),
    ),
    "file-missing": Sentence(
        "not-found",
        N_("The download server {host} does not give out the file {file}"),
        N_("Make the plan again, or continue from another server. {answer}"),
        fixes=(OTHER_SOURCE, RETRY),
    ),
    "python-missing": Sentence(
        "not-found",
        N_("No Python {python} was found, and none could be brought"),
        N_("Install Python {python}, or leave the choice of Python to the program."),
        fixes=(LOOK_AGAIN, AUTOMATIC),
    ),
}

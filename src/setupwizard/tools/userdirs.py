"""The user's own folders: home, and what the program keeps: logs, caches, settings, what it remembers."""

from __future__ import annotations

import platform
import warnings
from pathlib import Path

import platformdirs


def home() -> Path | None:
    """Return this user's home folder; None: no variable and no user database names one, as in a bare container."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def logs() -> Path:
    """Return the folder of the logs."""
    return platformdirs.user_log_path("setupwizard", appauthor=False)


def cache() -> Path:
    """Return the folder of what can be fetched or made again."""
    return platformdirs.user_cache_path("setupwizard", appauthor=False)


def state() -> Path:
    """Return the folder of what is remembered from one visit to the next."""
    return platformdirs.user_state_path("setupwizard", appauthor=False)


def session() -> Path:
    """Return the folder of what lives as long as the person is logged in."""
    with warnings.catch_warnings():  # that a bare session has no such folder is nothing to print
        warnings.simplefilter("ignore")
        return platformdirs.user_runtime_path("setupwizard", appauthor=False)


def settings() -> Path:
    """Return the folder of the settings."""
    return platformdirs.user_config_path("setupwizard", appauthor=False)


def policy() -> Path:
    """Return the folder in which an administrator fixes settings for everybody on this computer."""
    if platform.system() == "Linux":
        return Path("/etc/setupwizard")
    return platformdirs.site_config_path("setupwizard", appauthor=False)

"""What the tests of a lab share: Ansible with the collection, and a reason where one of the two cannot be had."""

from pathlib import Path

import pytest

from fleet.play import ANSIBLE, install_collection


@pytest.fixture(scope="session")
def collections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that holds the collection, built and installed as a user would."""
    if not (ANSIBLE / "ansible-galaxy").exists():
        pytest.skip("Ansible is not installed (scripts/set_up_fleet.sh installs it)")
    return install_collection(tmp_path_factory.mktemp("collection"))

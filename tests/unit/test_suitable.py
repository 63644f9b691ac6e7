"""Folders in which an environment would break: each rule, for the system that it is for."""

from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from setupwizard import platforms
from setupwizard.errors import SetupError
from setupwizard.store.layout import Root
from setupwizard.store.suitable import Surroundings, synchronised_by, why_not, why_rather_not


def pc(*there, **more):
    """A computer with Windows; `there` are paths that exist."""
    environ = {"SYSTEMROOT": "C:\\Windows", "PROGRAMFILES": "C:\\Program Files", "OneDrive": "D:\\Cloud"}
    return Surroundings(
        **{
            "windows": True,
            "long_paths": False,
            "environ": environ,
            "home": PureWindowsPath("C:\\Users\\li"),
            "has": lambda path: str(path) in there,
            "is_network": lambda path: str(path).startswith("Z:"),
            **more,
        }
    )


def box(*there):
    """A computer with Linux."""
    return Surroundings(
        windows=False,
        long_paths=True,
        environ={},
        home=PurePosixPath("/home/li"),
        has=lambda path: str(path) in there,
        is_network=lambda path: str(path).startswith("/mnt/nas"),
    )


def test_a_plain_folder_is_fine():
    for path, around in (
        (PureWindowsPath("C:\\pytorch"), pc()),
        (PureWindowsPath("C:\\Users\\li\\AppData\\Local\\pytorch"), pc()),
        (PurePosixPath("/home/li/pytorch"), box()),
        (PurePosixPath("/home/李/我的 环境"), box()),
        (PurePosixPath("/usr/local/pytorch"), box()),
        (PurePosixPath("/opt/pytorch"), box()),
        (PurePosixPath("/home/li/src/project/build/pytorch"), box("/home/li/src/project/.git")),
    ):
        assert why_not(path, around) is None
        assert why_rather_not(path, around) is None


def test_a_path_that_leaves_no_room_for_the_files_of_torch():
    long = PureWindowsPath("C:\\" + "x" * 60)
    assert "63" in (why_not(long, pc()) or "")
    assert why_not(long, pc(long_paths=True)) is None
    assert why_not(PureWindowsPath("C:\\" + "x" * 56), pc()) is None


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("C:\\Users\\li\\OneDrive\\torch", "OneDrive"),
        ("C:\\Users\\li\\OneDrive - Contoso\\Documents\\torch", "OneDrive"),
        ("d:\\cloud\\torch", "OneDrive"),
        ("C:\\Users\\li\\Dropbox\\a\\b", "Dropbox"),
        ("C:\\Users\\li\\iCloudDrive\\torch", "iCloud"),
        ("G:\\My Drive\\torch", None),
        ("C:\\Users\\li\\Google Drive\\torch", "Google Drive"),
        ("C:\\Users\\li\\Nutstore\\1\\torch", "坚果云"),
        ("D:\\我的坚果云\\torch", "坚果云"),
        ("D:\\BaiduSyncdisk\\torch", "百度网盘"),
        ("C:\\Users\\li\\Box\\torch", "Box"),
        ("D:\\toys\\Box\\torch", None),
    ],
)
def test_folders_that_are_copied_elsewhere(path, name):
    assert synchronised_by(PureWindowsPath(path), pc()) == name


def test_a_file_of_the_service_tells_as_well():
    around = box("/home/li/shared/.stfolder")
    assert synchronised_by(PurePosixPath("/home/li/shared/deep/torch"), around) == "Syncthing"
    assert "Syncthing" in (why_rather_not(PurePosixPath("/home/li/shared/torch"), around) or "")


def test_a_folder_on_another_computer_is_advised_against():
    assert "another computer" in (why_rather_not(PureWindowsPath("Z:\\torch"), pc()) or "")
    assert "another computer" in (why_rather_not(PureWindowsPath("\\\\nas\\share\\torch"), pc()) or "")
    assert "another computer" in (why_rather_not(PurePosixPath("/mnt/nas/torch"), box()) or "")


def test_letters_beyond_a_to_z_are_no_reason_to_refuse():
    for path in ("C:\\Users\\李\\torch", "D:\\深度学习", "C:\\Users\\Jürgen\\torch"):
        assert why_not(PureWindowsPath(path), pc()) is None
        assert why_rather_not(PureWindowsPath(path), pc()) is None


@pytest.mark.parametrize(
    ("path", "around"),
    [
        (PureWindowsPath("C:\\windows\\Temp\\torch"), pc()),
        (PureWindowsPath("C:\\Program Files\\torch"), pc()),
        (PurePosixPath("/usr/share/torch"), box()),
        (PurePosixPath("/etc/torch"), box()),
    ],
)
def test_folders_of_the_system(path, around):
    assert why_not(path, around) == "It belongs to the system."


@pytest.mark.parametrize("sign", ["pyvenv.cfg", "conda-meta"])
def test_a_folder_inside_another_environment_is_refused(sign):
    around = box(f"/home/li/venv/{sign}")
    assert "/home/li/venv" in (why_not(PurePosixPath("/home/li/venv/share/torch"), around) or "")


def test_inside_another_root_and_inside_git():
    around = box("/home/li/pytorch/gens", "/home/li/pytorch/journal.jsonl")
    assert "/home/li/pytorch" in (why_not(PurePosixPath("/home/li/pytorch/second"), around) or "")
    assert why_not(PurePosixPath("/home/li/pytorch"), around) is None
    assert why_not(PurePosixPath("/home/li/src/.git/torch"), box()) is not None


def test_a_root_is_refused_with_a_reason_and_a_better_folder_and_one_of_ours_never(tmp_path):
    (tmp_path / "Dropbox").mkdir()
    root = Root(tmp_path / "Dropbox" / "torch")
    with pytest.raises(SetupError) as caught:
        root.prepare()
    assert caught.value.code == "path-unsuitable"
    assert "Dropbox" in str(caught.value.facts["why"])
    assert caught.value.facts["better"] == str(platforms.default_root())
    assert not root.path.exists()
    elsewhere = Root(tmp_path / "torch")
    elsewhere.prepare()
    elsewhere.path.rename(root.path)
    Root(root.path).prepare()  # the user moved it there: it still works


def test_nobody_is_sent_from_one_bad_folder_to_another(tmp_path, monkeypatch):
    home = tmp_path / "Nutstore" / "home"
    home.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    assert "Nutstore" in str(Path.home())
    if platforms.default_root().is_relative_to(home):
        Root(home / "torch").prepare()

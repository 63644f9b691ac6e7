"""The package for Windows: what is in it, and what it does on a Windows of the lab (Wine)."""

import json
import subprocess
from pathlib import Path

import jsonschema
import pytest

from packages.conftest import FULL, Run, seen_by_windows
from setupwizard import __version__
from setupwizard.resources import resource

INSTALLER_BYTES = 45_000_000
# System libraries that a program of Qt and Python loads while it starts, and Python's own: what people plant.
PLANTED = (
    "version",
    "uxtheme",
    "dwmapi",
    "winmm",
    "userenv",
    "netapi32",
    "cryptbase",
    "propsys",
    "vcruntime140",
    "python3",
)
PLANT = """
#include <windows.h>
BOOL WINAPI DllMain(HINSTANCE library, DWORD why, LPVOID unused)
{
    if (why == DLL_PROCESS_ATTACH) {
        HANDLE file = CreateFileA("C:\\\\planted-" NAME, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
        CloseHandle(file);
    }
    return TRUE;
}
"""
CARELESS = """
#include <windows.h>
int main(int count, char **names)
{
    while (--count)
        LoadLibraryA(names[count]);
    return 0;
}
"""
# Keys that the installer may write: everything in the part of the registry where programs write.
SNAPSHOT = r"""
snapshot() {
    wineserver -w
    (cd "$WINEPREFIX/drive_c" && find . -mindepth 1 | grep -v '^./windows/temp\|/Temp/' | sort) >"/tmp/files.$1"
    grep -hoi '^\[Software.*\]' "$WINEPREFIX/user.reg" "$WINEPREFIX/system.reg" | sort -f >"/tmp/keys.$1"
}
new() { for what in files keys; do comm -13 "/tmp/$what.$1" "/tmp/$what.$2"; done; }
gone() { comm -23 "/tmp/files.$1" "/tmp/files.$2"; }
rm -rf "$WINEPREFIX/drive_c/users/root/AppData/Local/setupwizard"
snapshot before
"""


def compile_for_windows(source: str, target: Path, *flags: str) -> None:
    argv = ["x86_64-w64-mingw32-gcc", "-O1", "-s", "-x", "c", "-", "-o", str(target), *flags]
    subprocess.run(argv, input=source.encode(), check=True, capture_output=True)


@pytest.fixture
def copied(windows_folder: Path) -> str:
    """Return a line of bash that copies the package to C:\\copy: the checkout cannot be written to in the lab."""
    return f'cp -r "/project/{windows_folder.relative_to(windows_folder.parents[3])}" "$WINEPREFIX/drive_c/copy"\n'


def test_nothing_of_wine_and_no_stand_in_is_in_it(windows_folder):
    for file in windows_folder.rglob("*"):
        if file.suffix.lower() in {".dll", ".exe", ".pyd"}:
            head = file.read_bytes()[:4096]
            assert b"Wine builtin" not in head, file
            assert b"Wine placeholder" not in head, file
    names = {file.name.lower() for file in windows_folder.rglob("*.dll")}
    assert not names & {"icuuc.dll", "mscms.dll", "nvml.dll", "opengl32sw.dll"}
    assert not list(windows_folder.rglob("*test*.exe"))


def test_it_carries_its_papers(windows_folder):
    papers = windows_folder / "licences"
    assert "LESSER GENERAL PUBLIC LICENSE" in (papers / "LGPL-3.0.txt").read_text("utf-8")
    assert "replace" in (papers / "QT-LGPL-NOTICE.txt").read_text("utf-8")
    (bill,) = windows_folder.glob("*.cdx.json")
    parts = {part["name"]: part for part in json.loads(bill.read_text("utf-8"))["components"]}
    assert {"CPython", "PySide6_Essentials", "uv", "pip", "msgspec"} <= set(parts)
    assert all(part.get("licenses") for part in parts.values())
    assert all("purl" in part for part in parts.values())


def test_the_launchers_say_what_they_are(windows_folder):
    for name in ("setupwizard.exe", "setupwizard-gui.exe"):
        data = (windows_folder / name).read_bytes()
        for word in (b'level="asInvoker"', b"PerMonitorV2", b"longPathAware", b"UTF-8"):
            assert word in data
        assert __version__.encode("utf-16-le") in data
        assert name.encode("utf-16-le") in data


def test_it_examines_itself(windows_folder, on_pc: Run):
    program = seen_by_windows(windows_folder / "setupwizard.exe")
    text = on_pc(f"wine '{program}' --self-test --json 'Z:\\tmp\\said.json' >&2 </dev/null; cat /tmp/said.json")
    said = json.loads(text)
    jsonschema.validate(said, json.loads(resource("schema", "selftest.schema.json").read_text("utf-8")))
    assert said["packaged"]
    assert said["program"] == program
    assert {check["id"]: check["status"] for check in said["checks"]} == dict.fromkeys(
        ("resources", "languages", "again", "pip", "uv", "environment", "window"), "pass"
    )


@FULL
def test_settings_of_another_python_do_not_reach_it(copied, on_pc: Run):
    script = rf"""{copied}
        mkdir "$WINEPREFIX/drive_c/evil"
        cd "$WINEPREFIX/drive_c/evil"
        echo 'open("C:\\evil\\ran", "w").close()' | tee click.py >sitecustomize.py
        export PYTHONPATH='C:\evil' PYTHONHOME='C:\evil' PYTHONSTARTUP='C:\evil\click.py'
        wine 'C:\copy\setupwizard.exe' --version </dev/null
        ls "$WINEPREFIX/drive_c/evil"
        """
    text = on_pc(script)
    assert f"setupwizard {__version__}" in text
    assert "ran" not in text.split()


@FULL
def test_planted_libraries_are_not_loaded(copied, on_pc: Run, tmp_path):
    folder = Path(copied.split('"')[1].replace("/project", str(Path(__file__).parents[2]))).parent / "planted"
    folder.mkdir(exist_ok=True)
    for name in PLANTED:
        compile_for_windows(PLANT, folder / f"{name}.dll", "-shared", f'-DNAME="{name}"')
    compile_for_windows(CARELESS, folder / "careless.exe")
    script = rf"""{copied}
        c="$WINEPREFIX/drive_c"
        cp /project/build/packages/windows/planted/* "$c/copy/"
        wine 'C:\copy\careless.exe' {" ".join(f"{name}.dll" for name in PLANTED)} </dev/null
        ls "$c" | grep planted- | sed 's/^/careless: /'
        rm -f "$c"/planted-*
        mkdir "$c/cwd" && cp "$c"/copy/*.dll "$c/cwd/"
        cd "$c/cwd" && wine 'C:\copy\setupwizard.exe' --self-test </dev/null || exit 1
        ls "$c" | grep planted- | sed 's/^/ours: /' || true
        """
    lines = on_pc(script).splitlines()
    loaded = [line.rpartition("-")[2] for line in lines if line.startswith("careless: ")]
    # Wine takes some of its own whatever lies about; the others show that what we plant would be loaded.
    assert len(loaded) >= 4, f"the test would show little: a careless program loads {loaded}"
    assert [line for line in lines if line.startswith("ours:")] == []


@FULL
@pytest.mark.parametrize(
    ("gone", "named"), [("python/python313.dll", r"python\python313.dll"), ("app/start.py", r"app\start.py")]
)
def test_a_missing_file_is_named_in_a_sentence(gone, named, copied, on_pc: Run):
    script = rf"""{copied}
        rm "$WINEPREFIX/drive_c/copy/{gone}"
        wine 'C:\copy\setupwizard.exe' detect </dev/null 2>&1 && exit 9
        true
        """
    text = on_pc(script)
    assert "A file of the program is missing." in text
    assert "Please install the program again. Nothing of yours was changed." in text
    assert named in text
    assert "A file of the program" not in on_pc(script, LC_ALL="zh_CN.UTF-8")


@FULL
def test_in_a_chinese_windows_old_programs_are_still_read_right(copied, on_pc: Run):
    """The manifest makes our own code page UTF-8, the rest of such a Windows writes GBK."""
    script = rf"""{copied}
        cat >"$WINEPREFIX/drive_c/copy/app/start.py" <<'END'
import sys
sys.frozen = True
from setupwizard import platforms
from setupwizard.tools.process import run
print(platforms.console_encoding(), run(["cmd", "/c", "echo 显卡"]).stdout.strip().encode("unicode_escape").decode())
END
        wine 'C:\copy\setupwizard.exe' </dev/null
        """
    assert on_pc(script, LC_ALL="zh_CN.UTF-8").split() == ["cp936", r"\u663e\u5361"]


@FULL
def test_on_arm_the_program_for_x64_tells_the_true_processor(windows_folder, on_pc: Run):
    """Emulation tells the program that it runs on AMD64; the system's own settings do not."""
    script = rf"""
        key='HKLM\System\CurrentControlSet\Control\Session Manager\Environment'
        wine reg add "$key" /v PROCESSOR_ARCHITECTURE /d ARM64 /f >&2 </dev/null
        wine '{seen_by_windows(windows_folder / "setupwizard.exe")}' detect --json </dev/null
        """
    assert json.loads(on_pc(script))["arch"] == "arm64"


@FULL
class TestInstaller:
    """Silent install, upgrade over it, and uninstall, with all that each leaves."""

    def test_it_is_small(self, installer):
        assert installer.stat().st_size <= INSTALLER_BYTES

    def test_install_upgrade_uninstall(self, installer, windows_folder, on_pc: Run):
        setup = seen_by_windows(installer)
        script = rf"""{SNAPSHOT}
            c="$WINEPREFIX/drive_c"
            folder="$c/users/root/AppData/Local/Programs/setupwizard"
            wine '{setup}' /S </dev/null || exit 1
            snapshot installed
            new before installed | sed 's/^/new: /'
            (cd "$folder" && find . -type f -printf 'file: %P\n')
            wine "$folder/setupwizard.exe" --self-test </dev/null || exit 1
            wine "$folder/setupwizard.exe" detect --json </dev/null >/dev/null || exit 1
            echo "old" >"$folder/lib/of_an_older_build.py"
            mkdir -p "$c/pytorch" && echo mine >"$c/pytorch/journal.jsonl"
            wine '{setup}' /S </dev/null || exit 1
            ls "$folder/lib" | grep of_an_older || echo "upgrade: old files are gone"
            wine "$folder/setupwizard.exe" --version </dev/null
            wine "$folder/uninstall.exe" /S </dev/null || exit 1
            for second in $(seq 60); do [ -e "$folder" ] || break; sleep 1; done
            wineserver -k; wineserver -w
            snapshot after
            comm -13 /tmp/files.before /tmp/files.after | sed 's/^/left: /'
            gone before after | sed 's/^/taken: /'
            grep -hi 'setupwizard' "$WINEPREFIX"/*.reg | sed 's/^/named: /'
            """
        lines = on_pc(script).splitlines()
        new = [line.removeprefix("new: ") for line in lines if line.startswith("new: ")]
        installed = {line.removeprefix("file: ") for line in lines if line.startswith("file: ")}
        packed = {str(file.relative_to(windows_folder)) for file in windows_folder.rglob("*") if file.is_file()}
        assert installed == packed | {"uninstall.exe"}
        assert any(line.endswith("/Start Menu/Programs/PyTorch Setup.lnk") for line in new), new[-40:]
        assert any(r"Uninstall\\setupwizard" in line for line in new), new[-40:]
        assert any(r"App Paths\\setupwizard.exe" in line for line in new), new[-40:]
        assert "upgrade: old files are gone" in lines
        assert f"setupwizard {__version__}" in lines
        # What the person made stays; everything else is as before.
        assert [line for line in lines if line.startswith("left: ")] == [
            "left: ./pytorch",
            "left: ./pytorch/journal.jsonl",
        ]
        assert [line for line in lines if line.startswith("taken: ")] == []
        assert [line for line in lines if line.startswith("named: ")] == []  # no key and no value of the registry

    def test_a_folder_with_other_files_is_refused(self, installer, on_pc: Run):
        script = rf"""
            mkdir "$WINEPREFIX/drive_c/mine" && echo mine >"$WINEPREFIX/drive_c/mine/thesis.txt"
            wine '{seen_by_windows(installer)}' /S '/D=C:\mine' </dev/null
            echo "ended with $?"
            ls "$WINEPREFIX/drive_c/mine"
            """
        lines = on_pc(script).splitlines()
        assert "ended with 2" in lines
        assert lines[-1] == "thesis.txt"


@FULL
class TestMsi:
    """The package for administrators."""

    def test_install_and_remove(self, msi, on_pc: Run):
        package = seen_by_windows(msi)
        script = rf"""{SNAPSHOT}
            c="$WINEPREFIX/drive_c"
            wine msiexec /i '{package}' /qn </dev/null || exit 1
            snapshot installed
            new before installed | sed 's/^/new: /'
            wine 'C:\Program Files\setupwizard\setupwizard.exe' --self-test </dev/null || exit 1
            wine msiexec /x '{package}' /qn </dev/null || exit 1
            rm -rf "$c/users/root/AppData/Local/setupwizard"
            snapshot after
            new before after | sed 's/^/left: /'
            """
        lines = on_pc(script).splitlines()
        new = [line.removeprefix("new: ") for line in lines if line.startswith("new: ")]
        assert "./Program Files/setupwizard/setupwizard-gui.exe" in new
        assert "./Program Files/setupwizard/managed.txt" in new  # no notice of newer versions
        assert any(line.endswith("/PyTorch Setup.lnk") for line in new), [line for line in new if "lnk" in line]
        ours = [line for line in lines if line.startswith("left: ") and "setupwizard" in line.lower()]
        assert ours == []


@FULL
def test_the_installed_window_shows_the_first_page(windows_folder, on_pc: Run, desktop):
    """On the PC with the RTX 4060: the window comes, is painted, and goes to the second page by a click."""
    program = seen_by_windows(windows_folder / "setupwizard-gui.exe")
    pictures = windows_folder.parents[2] / "screenshots-windows"
    (pictures / "done").unlink(missing_ok=True)
    pictures.mkdir(parents=True, exist_ok=True)
    done = subprocess.Popen(
        [
            Path(__file__).parents[2] / "packaging" / "lab" / "pcs" / "pc.sh",
            "laptop-rtx4060-581",
            "bash",
            "-c",
            f"timeout 240 wine '{program}' </dev/null",
        ],
        env={**desktop.env, "SETUPWIZARD_LAB": str(_lab()), "HOME": "/root"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        window = _await_window(desktop)
        _await_painted(desktop, pictures / "page-1.png")
        desktop.xdotool("windowactivate", window, "sleep", 1, "key", "--window", window, "Return")
        _await_change(desktop, pictures / "page-1.png", pictures / "page-2.png")
    finally:
        done.terminate()
        done.wait(60)


def _lab() -> Path:
    from packages.conftest import LAB

    if not (LAB / "python.done").is_file():
        pytest.skip(f"no lab stands in {LAB}")
    return LAB


def _await_window(desktop) -> str:
    from helpers.desktop import wait_for

    def look() -> str:
        argv = ["xdotool", "search", "--onlyvisible", "--name", "PyTorch Setup"]
        found = subprocess.run(argv, env=desktop.env, capture_output=True, text=True, check=False).stdout.split()
        return found[0] if found else ""

    return str(wait_for("the window", look, 120))


def _colours(file: Path) -> int:
    told = subprocess.run(["identify", "-format", "%k", file], capture_output=True, text=True, check=True)
    return int(told.stdout)


def _await_painted(desktop, file: Path) -> None:
    from helpers.desktop import wait_for

    wait_for("a painted window", lambda: _colours(desktop.screenshot(file)) > 100, 60, every=1)


def _await_change(desktop, before: Path, file: Path) -> None:
    from helpers.desktop import wait_for

    def differs() -> bool:
        argv = ["compare", "-metric", "AE", before, desktop.screenshot(file), "null:"]
        told = subprocess.run(argv, capture_output=True, text=True, check=False).stderr
        return float(told.split()[0]) > 5000

    wait_for("another page", differs, 90, every=2)

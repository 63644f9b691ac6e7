"""The package for Windows: what is in it, and what it does on a Windows of the lab (Wine)."""

import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import jsonschema
import pytest

from packages.conftest import DIST, FULL, TOP, Run, built, seen_by_windows
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


OLDER = "0.0.9"


@pytest.fixture
def older_installer(windows_folder: Path) -> Path:
    """Return an installer of an older version, made by the same script of a folder with files that went since."""
    stage = windows_folder.parents[1] / "older"
    for name in ("setupwizard.exe", "setupwizard-gui.exe", "setupwizard.ico", "app/start.py"):
        (stage / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(windows_folder / name, stage / name)
    for name in ("lib/of_an_older_build.py", "python/python312.dll", "setupwizard-0.0.9.cdx.json"):
        (stage / name).parent.mkdir(parents=True, exist_ok=True)
        (stage / name).write_text("old")
    made = stage.with_name("older-setup.exe")
    words = (f"-DVERSION={OLDER}", f"-DSTAGE={stage}", f"-DOUTPUT={made}", "-DSIZE=1")
    script = TOP / "packaging" / "windows" / "installer.nsi"
    subprocess.run(["makensis", "-V2", "-INPUTCHARSET", "UTF8", *words, script], check=True, capture_output=True)
    return made


def environment_at(place: str) -> str:
    """Return lines of bash that make what the program takes for an environment of its own."""
    opened = '{"what": "root", "time": "2026-11-29T05:01:53Z", "run": "1", "made": true}'
    return f"""mkdir -p "$c/{place}/gens/0001" && echo '{opened}' >"$c/{place}/journal.jsonl"
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


@FULL
def test_the_portable_copy_is_the_same(windows_folder):
    package = built(DIST / f"setupwizard-{__version__}-windows-x64-portable.zip", "make package-windows")
    packed = {str(file.relative_to(windows_folder.parent)) for file in windows_folder.rglob("*") if file.is_file()}
    with zipfile.ZipFile(package) as archive:
        assert archive.testzip() is None
        assert {one.filename for one in archive.infolist() if not one.is_dir()} == packed


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
    assert said["checks"][-1]["text"].endswith("network: networklistmanager")  # asked for a metered line


def test_settings_of_another_python_do_not_reach_it(windows_folder, on_pc: Run):
    script = rf"""
        mkdir "$WINEPREFIX/drive_c/evil"
        cd "$WINEPREFIX/drive_c/evil"
        echo 'open("C:\\evil\\ran", "w").close()' | tee click.py >sitecustomize.py
        export PYTHONPATH='C:\evil' PYTHONHOME='C:\evil' PYTHONSTARTUP='C:\evil\click.py'
        wine '{seen_by_windows(windows_folder / "setupwizard.exe")}' --version </dev/null
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

    def test_install_upgrade_uninstall(self, installer, older_installer, windows_folder, on_pc: Run):
        setup = seen_by_windows(installer)
        entry = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\setupwizard"
        script = rf"""{SNAPSHOT}
            c="$WINEPREFIX/drive_c"
            folder="$c/users/root/AppData/Local/Programs/setupwizard"
            wine '{seen_by_windows(older_installer)}' /S </dev/null || exit 1
            wine reg query '{entry}' /v DisplayVersion </dev/null | sed 's/^/older: /'
            {environment_at("pytorch")}
            wine '{setup}' /S </dev/null || exit 1
            wine reg query '{entry}' /v DisplayVersion </dev/null | sed 's/^/newer: /'
            snapshot installed
            new before installed | sed 's/^/new: /'
            (cd "$folder" && find . -type f -printf 'file: %P\n')
            wine "$folder/setupwizard.exe" --self-test </dev/null || exit 1
            wine "$folder/setupwizard.exe" detect --json </dev/null >/dev/null || exit 1
            {environment_at("用户/深度 学习")}
            kept="$c/users/root/AppData/Local/setupwizard"
            mkdir -p "$kept" && echo '{{"roots": ["C:\\用户\\深度 学习"]}}' >"$kept/environments.json"
            wine '{setup}' /S </dev/null || exit 1
            wine "$folder/setupwizard.exe" --version </dev/null
            wine "$folder/uninstall.exe" /S </dev/null || exit 1
            for second in $(seq 60); do [ -e "$folder" ] || break; sleep 1; done
            wineserver -k; wineserver -w
            iconv -f utf-16 "$(find "$c/users/root" -name setupwizard-kept.txt)" | sed 's/^/told: /'
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
        assert any(line.startswith("older: ") and OLDER in line for line in lines)
        assert any(line.startswith("newer: ") and __version__ in line for line in lines)
        assert f"setupwizard {__version__}" in lines
        # What the person made stays; everything else is as before.
        left = {line.removeprefix("left: ./") for line in lines if line.startswith("left: ")}
        assert {one for one in left if not one.startswith(("pytorch", "用户"))} == set()
        assert {"pytorch/journal.jsonl", "用户/深度 学习/journal.jsonl"} <= left
        # and says which it left, though nobody was asked
        assert [line.removeprefix("told: ").strip("\ufeff\r") for line in lines if line.startswith("told: ")] == [
            r"Kept: the PyTorch environment in C:\pytorch",
            r"Kept: the PyTorch environment in C:\用户\深度 学习",
        ]
        assert [line for line in lines if line.startswith("taken: ")] == []
        assert [line for line in lines if line.startswith("named: ")] == []  # no key and no value of the registry

    def test_it_holds_after_it_is_signed(self, installer, tmp_path):
        """By the command of docs/packages.md, with a certificate that is made here and that nobody trusts."""
        key, certificate, signed = tmp_path / "key.pem", tmp_path / "certificate.pem", tmp_path / "signed.exe"
        about = ("-subj", "/CN=Test of the packages", "-addext", "extendedKeyUsage=codeSigning", "-days", "2")
        made = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, *about)
        subprocess.run(made, check=True, capture_output=True)
        sign = (
            "osslsigncode",
            "sign",
            "-certs",
            certificate,
            "-key",
            key,
            "-h",
            "sha256",
            "-in",
            installer,
            "-out",
            signed,
        )
        subprocess.run(sign, check=True, capture_output=True)
        check = ("osslsigncode", "verify", "-CAfile", certificate, "-in", signed)
        told = subprocess.run(check, capture_output=True, text=True, check=False)
        assert told.returncode == 0, told.stdout + told.stderr

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

"""What people find in an offline folder: a page of instructions in both languages, and scripts that run it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from setupwizard.codes import Platform
from setupwizard.model.planfile import PlanFile
from setupwizard.steps.program_copy import ProgramCopy
from setupwizard.store.files import write_atomic

_README = """\
PyTorch without a network: {name}
{line}

This folder holds everything to install PyTorch on computers without a network.

  {builds}

Linux:    sh run.sh            (more words are passed on: sh run.sh --env /opt/pytorch)
Windows:  run.cmd
or:       setupwizard apply --bundle THIS-FOLDER --offline

{needs}
Every file is compared with bundle.json before it is used. Copy the folder as it is; a stick with an old file system
(FAT32) takes no file over 4 GiB.

无网络安装 PyTorch：{name}

本文件夹含有在没有网络的计算机上安装 PyTorch 所需的一切。

Linux：   sh run.sh            （可附加参数：sh run.sh --env /opt/pytorch）
Windows： run.cmd
或者：    setupwizard apply --bundle 本文件夹 --offline

{needs_zh}
每个文件在使用前都会与 bundle.json 核对。请原样复制整个文件夹；旧式文件系统（FAT32）的 U 盘放不下超过 4 GiB 的文件。
"""
_RUN_SH = """\
#!/bin/sh
# Installs PyTorch from this folder, without a network. More words are passed on: sh run.sh --env /opt/pytorch
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd) || exit 1
if command -v setupwizard >/dev/null 2>&1; then
    exec setupwizard apply --bundle "$here" --offline "$@"
fi
{copy}
echo "setupwizard is not installed on this computer. / 本机未安装 setupwizard。" >&2
exit 1
"""
_RUN_COPY = """\
archive="$here/tools/{archive}"
for python in python{python} python3; do
    command -v "$python" >/dev/null 2>&1 || continue
    "$python" -I -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != "{python}")' || continue
    place=$(mktemp -d) || exit 1
    trap 'rm -rf "$place"' EXIT
    trap 'exit 130' INT TERM
    "$python" -I -m venv --without-pip "$place/env" || exit 1
    "$python" -I -m zipfile -e "$archive" "$place/program" || exit 1
    mkdir -p "$place/program/bin" && cp "$here/tools/uv" "$place/program/bin/uv" && chmod +x "$place/program/bin/uv"
    echo "$place/program" >"$place/env/lib/python{python}/site-packages/program.pth"
    "$place/env/bin/python" -I -m setupwizard apply --bundle "$here" --offline "$@"
    exit $?
done
echo "Python {python} is needed to run the program in this folder. / 运行本文件夹中的程序需要 Python {python}。" >&2"""
_RUN_CMD = """\
@echo off
rem Installs PyTorch from this folder, without a network. More words are passed on: run.cmd --env D:\\pytorch
where setupwizard >nul 2>nul
if errorlevel 1 (
    echo setupwizard is not installed on this computer.
    exit /b 1
)
setupwizard apply --bundle "%~dp0." --offline %*
exit /b %errorlevel%
"""


def write(
    folder: Path, plan: PlanFile, program: ProgramCopy | None, *, brought: Collection[tuple[Platform, str]] = ()
) -> None:
    """Write the page and the scripts.

    Args:
        folder: the offline folder.
        plan: what it installs.
        program: the copy of the program in it.
        brought: the platforms and versions of the Pythons in it.

    Raises:
        SetupError: "root-not-writable", "disk-full".
    """
    wanted = dict.fromkeys((build.platform, build.python) for build in plan.build)
    missing = ", ".join(f"{python} ({platform})" for platform, python in wanted if (platform, python) not in brought)
    needs, needs_zh = "Python comes along.\n", "已附带 Python。\n"
    if missing:
        needs = f"Each computer needs a Python of its own: {missing}.\n"
        needs_zh = f"每台计算机需要自带 Python：{missing}。\n"
    if program is not None:
        needs += (
            f"Where setupwizard is not installed, run.sh uses the copy in this folder, with Python {program.python}.\n"
        )
        needs_zh += f"未安装 setupwizard 的计算机，run.sh 会用 Python {program.python} 运行本文件夹中的副本。\n"
    rows = (f"PyTorch {row.torch} ({row.variant}), {row.platform}, Python {row.python}" for row in plan.build)
    text = _README.format(name=plan.name, line="=" * 60, builds="\n  ".join(rows), needs=needs, needs_zh=needs_zh)
    copy = _RUN_COPY.format(archive=program.archive, python=program.python) if program is not None else ""
    write_atomic(folder / "README.txt", text.encode())
    write_atomic(folder / "run.sh", _RUN_SH.format(copy=copy).encode())
    (folder / "run.sh").chmod(0o755)
    write_atomic(folder / "run.cmd", _RUN_CMD.replace("\n", "\r\n").encode())

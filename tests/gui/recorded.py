"""Documents as a real visit makes them, for the fake program and for the screenshots."""

from msgspec.structs import replace

from setupwizard import i18n
from setupwizard.gui.backend import Choices, Option, Options, Unfinished, Usage
from setupwizard.model.events import Outcome, StepResult
from setupwizard.model.machine import (
    Disk,
    Finding,
    FoundPython,
    Gpu,
    Machine,
    NvidiaDriver,
    Surroundings,
    Toolkit,
)
from setupwizard.model.plan import DiskNeed, Package, Plan, PlanPython, PlanSource, PlanStep, Tried
from setupwizard.model.recommendation import Action, Build, Cell, Part, Reason, Recommendation, Rejected
from setupwizard.model.settings import Contact
from setupwizard.model.verification import Check, Device, Figure, TorchFacts, Verification

ROOT = "C:\\pytorch"


def say(english: str, chinese: str) -> str:
    """Return a text of the program behind the window, in the language that is spoken."""
    return chinese if i18n.language() == "zh_CN" else english


def rtx_4060() -> Gpu:
    return Gpu(
        vendor="nvidia",
        name="NVIDIA GeForce RTX 4060 Laptop GPU",
        pci_id="10de:28e0",
        uuid="GPU-5b1b1f6e-0000-0000-0000-000000000001",
        compute_capability="8.9",
        memory_mib=8188,
        integrated=False,
        laptop=True,
        kernel_driver="nvidia",
        driver_sees_it=True,
        sources=("nvml", "registry"),
    )


def iris_xe() -> Gpu:
    return Gpu(
        vendor="intel", name="Intel Iris Xe Graphics", pci_id="8086:a7a0", integrated=True, sources=("registry",)
    )


def machine(**changes: object) -> Machine:
    values: dict[str, object] = {
        "os": "windows",
        "os_version": "11 (10.0.26100)",
        "arch": "x86_64",
        "gpus": (rtx_4060(), iris_xe()),
        "nvidia_driver": NvidiaDriver(version="591.44", cuda="13.1"),
        "pythons": (FoundPython(path="C:\\Python312\\python.exe", version="3.12.4", kind="python.org"),),
        "disks": (Disk(path="C:\\", free_bytes=131_000_000_000, total_bytes=512_000_000_000, kind="ssd"),),
        "memory_mib": 32_480,
        "environment": Surroundings(power="ac", secure_boot=True, long_paths=False),
        "findings": (
            Finding(
                code="user-name-letters",
                level="warn",
                text=say(
                    "Your user name has non-English letters. We use C:\\pytorch instead of a folder below it.",
                    "你的用户名含有中文，部分工具会因此出错，我们改用 C:\\pytorch。",
                ),
            ),
        ),
    }
    return Machine(**{**values, **changes})  # type: ignore[arg-type]


def build(torch: str = "2.15.0", variant: str = "cu130", python: str = "3.12") -> Build:
    return Build(
        torch=torch,
        torchvision="0.30.0",
        variant=variant,
        python=python,
        platform="win_amd64",
        requirement=f"torch=={torch}+{variant}",
        index_url=f"https://download.pytorch.org/whl/{variant}",
    )


def alternatives() -> tuple[Build, ...]:
    rows = [("2.15.0", "cu132"), ("2.15.0", "cu126"), ("2.15.0", "cpu")]
    rows += [
        (torch, variant)
        for torch in ("2.14.1", "2.13.0", "2.12.1", "2.11.0", "2.10.0")
        for variant in ("cu130", "cu126", "cpu")
    ]
    return tuple(build(torch, variant) for torch, variant in rows)


def cells() -> tuple[Cell, ...]:
    """Return the grid for the recorded computer: what runs, and one variant that its driver does not carry."""
    why = say(
        "CUDA 13.4 needs NVIDIA driver 616 or newer; this computer has 591.44.",
        "CUDA 13.4 需要 NVIDIA 驱动 616 或更高版本；这台电脑是 591.44。",
    )
    shown = []
    for torch in ("2.15.0", "2.14.1", "2.13.0", "2.12.1", "2.11.0", "2.10.0"):
        variants = ("cu130", "cu132", "cu126") if torch == "2.15.0" else ("cu130", "cu126")
        shown += [Cell(torch=torch, variant=one, build=build(torch, one), gpus=(0,)) for one in variants]
        if torch == "2.15.0":
            shown.append(Cell(torch=torch, variant="cu134", code="driver", text=why))
        shown.append(Cell(torch=torch, variant="cpu", build=build(torch, "cpu")))
    why = say("PyTorch 1.13.1 has no package for Python 3.12.", "PyTorch 1.13.1 没有适用于 Python 3.12 的安装包。")
    shown += [Cell(torch="1.13.1", variant=one, code="python", text=why) for one in ("cu117", "cpu")]
    return tuple(shown)


def recommendation(chosen: Build | None = None, **changes: object) -> Recommendation:
    values: dict[str, object] = {
        "data_date": "2026-11-22",
        "verdict": "gpu",
        "build": chosen or build(),
        "gpus": (0,),
        "reasons": (
            Reason(
                code="driver-supports",
                text=say(
                    "Your driver supports CUDA up to 13.1, so a CUDA 13.0 build runs without a driver update.",
                    "你的驱动最高支持 CUDA 13.1，可以直接运行 CUDA 13.0 版本，无需更新驱动。",
                ),
            ),
            Reason(
                code="code-for-card",
                text=say(
                    "It contains code for your RTX 4060 (Ada generation, compute capability 8.9).",
                    "该版本包含 RTX 4060（Ada 架构，计算能力 8.9）的代码。",
                ),
            ),
            Reason(
                code="no-toolkit-needed",
                text=say(
                    "You don't need the CUDA Toolkit: the build brings its own CUDA files.",
                    "安装包自带所需的 CUDA 文件，不必另装 CUDA Toolkit。",
                ),
            ),
        ),
        "alternatives": alternatives(),
    }
    return Recommendation(**{**values, **changes})  # type: ignore[arg-type]


def gtx_1080() -> Gpu:
    return Gpu(
        vendor="nvidia",
        name="NVIDIA GeForce GTX 1080",
        pci_id="10de:1b80",
        compute_capability="6.1",
        memory_mib=8192,
        integrated=False,
        kernel_driver="nvidia",
        driver_sees_it=True,
        sources=("nvml", "registry"),
    )


def toolkits() -> tuple[Toolkit, ...]:
    folder = "C:\\Program Files\\NVIDIA GPU Computing Toolkit\\CUDA"
    return (Toolkit(version="13.0.2", path=f"{folder}\\v13.0"), Toolkit(version="12.4.1", path=f"{folder}\\v12.4"))


def split_machine() -> Machine:
    newer = replace(rtx_4060(), name="NVIDIA GeForce RTX 5070", pci_id="10de:2f04", compute_capability="12.0")
    return machine(gpus=(newer, gtx_1080()), findings=())


def split_recommendation(gpus: tuple[int, ...] | None = None) -> Recommendation:
    """Return what is decided for two cards that no single build serves, or for the ones that were chosen."""
    groups = (Part(gpus=(0,), build=build()), Part(gpus=(1,), build=build("2.14.1", "cu126")))
    if gpus is not None:
        return recommendation(next(part.build for part in groups if part.gpus == gpus), gpus=gpus)
    return recommendation(verdict="split", parts=groups)


def later_recommendation() -> Recommendation:
    """Return a decision for a card that a newer driver would bring a newer build."""
    action = Action(
        code="update-nvidia-driver",
        at_least="580",
        text=say(
            "Install NVIDIA driver 580 or newer. Then restart the computer and come back.",
            "安装 580 或更高版本的 NVIDIA 驱动，然后重启电脑再回来。",
        ),
        url="https://www.nvidia.com/drivers",
    )
    rejected = Rejected(
        torch="2.15.0",
        variant="cu130",
        code="driver",
        text=say("CUDA 13.0 needs NVIDIA driver 580 or newer.", "CUDA 13.0 需要 580 或更高版本的 NVIDIA 驱动。"),
    )
    return recommendation(build("2.14.1", "cu126"), after=build(), actions=(action,), rejected=(rejected,), reasons=())


def cpu_recommendation() -> Recommendation:
    return recommendation(build(variant="cpu"), verdict="cpu", gpus=(), reasons=(), alternatives=())


def driver_recommendation() -> Recommendation:
    return recommendation(
        build(variant="cpu"),
        verdict="fix-driver",
        gpus=(),
        after=build(),
        reasons=(
            Reason(
                code="driver-old",
                text=say("The driver 452.39 is older than any build needs.", "驱动 452.39 太旧，没有版本能用。"),
            ),
        ),
        actions=(
            Action(
                code="update-nvidia-driver",
                text=say("Update the NVIDIA driver to 580 or newer.", "把 NVIDIA 驱动更新到 580 或更高版本。"),
                at_least="580",
                url="https://www.nvidia.com/drivers",
            ),
        ),
    )


_SIZES = (
    ("torch", "2.15.0+cu130", 2_402_000_000),
    ("torchvision", "0.30.0+cu130", 9_600_000),
    ("numpy", "2.3.4", 12_800_000),
    ("sympy", "1.14.0", 6_300_000),
    ("networkx", "3.5", 2_000_000),
    ("pillow", "12.0.0", 7_000_000),
    ("jinja2", "3.1.6", 135_000),
    ("fsspec", "2025.9.0", 199_000),
    ("filelock", "3.19.1", 16_000),
    ("mpmath", "1.3.0", 536_000),
    ("markupsafe", "3.0.3", 15_000),
    ("setuptools", "80.9.0", 1_200_000),
    ("typing-extensions", "4.15.0", 44_000),
    ("colorama", "0.4.6", 25_000),
)


def packages() -> tuple[Package, ...]:
    return tuple(
        Package(
            name=name,
            version=version,
            file=f"{name.replace('-', '_')}-{version}-cp312-cp312-win_amd64.whl",
            sha256=f"{index:064x}",
            size=size,
            url=f"https://download.pytorch.org/whl/cu130/{name}.whl",
            origin="official",
        )
        for index, (name, version, size) in enumerate(_SIZES)
    )


def plan(chosen: Build | None = None, root: str = ROOT, **changes: object) -> Plan:
    folder = f"{root}\\gens\\0001"
    values: dict[str, object] = {
        "id": "5f" * 32,
        "root": root,
        "generation": "0001",
        "backend": "uv",
        "python": PlanPython(version="3.12", source="found", path="C:\\Python312\\python.exe"),
        "build": chosen or build(),
        "recommended": build(),
        "source": PlanSource(
            id="official",
            kind="index",
            why=say(
                "The official PyTorch server has the build and answers.", "PyTorch 官方服务器有这个版本，可以连接。"
            ),
        ),
        "tried": (
            Tried(
                id="official",
                code="ok",
                text=say("PyTorch: has the build", "PyTorch：有这个版本"),
                bytes_per_s=11_200_000,
            ),
            Tried(id="sjtu", code="network-timeout", text=say("SJTU: did not answer", "上海交大镜像：没有响应")),
        ),
        "packages": packages(),
        "download_bytes": sum(package.size for package in packages()),
        "stored_bytes": 6_900_000_000,
        "disk": (DiskNeed(path=root, need_bytes=9_400_000_000, free_bytes=131_000_000_000),),
        "steps": (
            PlanStep(id="python", title="Check Python 3.12"),
            PlanStep(id="fetch", title="Download the packages", bytes=2_441_870_000),
            PlanStep(
                id="create",
                title="Create a private Python environment",
                argv=("uv", "venv", "--no-config", "--python", "C:\\Python312\\python.exe", folder),
            ),
            PlanStep(
                id="install",
                title="Install the packages",
                argv=("uv", "pip", "sync", "--offline", "--require-hashes", f"{root}\\work\\pylock.toml"),
            ),
            PlanStep(id="audit", title="Compare every file with its package"),
            PlanStep(id="verify", title="Prove that PyTorch works"),
            PlanStep(id="switch", title="Put the new environment in use"),
            PlanStep(id="clean", title="Tidy up"),
        ),
    }
    return Plan(**{**values, **changes})  # type: ignore[arg-type]


def checks(slow: bool = True) -> tuple[Check, ...]:
    battery = Check(
        id="copy-device",
        device=0,
        status="warn" if slow else "pass",
        seconds=1.9,
        figures=(Figure(name="bandwidth", value=201.0 if slow else 238.0, unit="GB/s", low=220, high=262),),
        text=say("The memory is slower than usual for this card.", "显存速度低于同款显卡的常见值。") if slow else "",
        advice=say(
            "The laptop runs on battery: plug it in and run the check again.", "正在用电池供电，接上电源后再测一次。"
        )
        if slow
        else "",
    )
    return (
        Check(id="import", status="pass", seconds=3.1),
        Check(id="device", device=0, status="pass", seconds=0.4),
        Check(id="arch", device=0, status="pass", seconds=0.0),
        Check(id="first-kernel", device=0, status="pass", seconds=0.6),
        Check(id="correctness", device=0, status="pass", seconds=1.4),
        Check(id="autograd", device=0, status="pass", seconds=0.8),
        Check(id="conv", device=0, status="pass", seconds=0.5),
        Check(id="attention", device=0, status="pass", seconds=0.3),
        Check(id="amp", device=0, status="pass", seconds=1.1),
        Check(id="memory", device=0, status="pass", seconds=0.9),
        battery,
        Check(
            id="matmul",
            device=0,
            status="pass",
            seconds=2.6,
            figures=(
                Figure(name="fp32", value=11.8, unit="TFLOPS", low=10.2, high=13.1),
                Figure(name="fp16", value=44.6, unit="TFLOPS", low=40.1, high=55.0),
                Figure(name="speedup", value=38.4, unit="x"),
            ),
        ),
        Check(id="train", device=0, status="pass", seconds=2.2),
        Check(id="compile", device=0, status="skip", seconds=0.0),
    )


def verification(*, slow: bool = False, **changes: object) -> Verification:
    values: dict[str, object] = {
        "passed": True,
        "verdict": "warn" if slow else "pass",
        "level": "device",
        "mode": "quick",
        "torch": TorchFacts(version="2.15.0+cu130", variant="cu130", cuda="13.0"),
        "devices": (
            Device(index=0, name="NVIDIA GeForce RTX 4060 Laptop GPU", compute_capability="8.9", memory_mib=8188),
        ),
        "checks": checks(slow),
        "measurements": {"matmul.speedup.size": 4096.0},
        "started": "2026-11-22T14:08:23Z",
        "seconds": 15.8,
    }
    return Verification(**{**values, **changes})  # type: ignore[arg-type]


def outcome(**changes: object) -> Outcome:
    values: dict[str, object] = {
        "status": "done",
        "exit": 0,
        "changed": True,
        "root": ROOT,
        "generation": "0001",
        "current": "0001",
        "fetched_bytes": 2_441_870_000,
        "steps": (StepResult(id="fetch", status="done", seconds=220.0),),
        "verification": verification(),
    }
    return Outcome(**{**values, **changes})  # type: ignore[arg-type]


def options() -> Options:
    return Options(
        pythons=("3.13", "3.12", "3.11"),
        installers=("uv", "pip", "conda"),
        sources=(
            Option("official", say("Official", "官方")),
            Option("sjtu", say("SJTU", "上海交大镜像")),
            Option("nju", say("NJU", "南京大学镜像")),
            Option("aliyun", say("Aliyun", "阿里云镜像")),
        ),
    )


def usage(root: str = ROOT) -> Usage:
    return Usage(
        activate=f"{root}\\activate.bat",
        check='python -c "import torch; print(torch.cuda.get_device_name())"',
        python=f"{root}\\current\\Scripts\\python.exe",
    )


def unfinished() -> Unfinished:
    return Unfinished(root=ROOT, step="fetch", kept_bytes=1_620_000_000, total_bytes=2_610_000_000, plan=plan())


def choices() -> Choices:
    return Choices(root=ROOT)


def contacts() -> tuple[Contact, ...]:
    when = say("On page 3, then for the packages of the build.", "在第 3 页询问，然后下载该版本的软件包。")
    return (
        Contact(
            id="official",
            name=say("Official", "官方"),
            hosts=("download.pytorch.org", "download-r2.pytorch.org"),
            when=when,
        ),
        Contact(id="sjtu", name=say("SJTU mirror", "上海交大镜像"), hosts=("mirror.sjtu.edu.cn",), when=when),
        Contact(id="pip-config", name=say("pip's own settings", "pip 自己的设置"), hosts=(), when=when),
    )

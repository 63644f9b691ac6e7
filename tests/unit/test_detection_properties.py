"""Whatever a program prints, reading it ends in an answer: real samples, cut, doubled, mixed and in other encodings."""

from __future__ import annotations

from pathlib import Path

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.readers import READERS, files
from helpers.recorded import FIXTURES
from setupwizard.i18n import in_language
from setupwizard.model.machine import Gpu, Machine, Surroundings
from setupwizard.model.wire import from_json, to_json
from setupwizard.probes import gpus, linux, smi_text
from setupwizard.probes.adapters import Adapter
from setupwizard.probes.answers import DriverAnswer, ListedCard
from setupwizard.probes.bus import Bus
from setupwizard.probes.facts import SystemFacts
from setupwizard.probes.kernel_log import KernelLog
from setupwizard.probes.kfd import KfdNode
from setupwizard.probes.noticing import findings
from setupwizard.probes.pci import PciCard
from setupwizard.probes.privacy import redacted
from setupwizard.probes.roots import Roots
from setupwizard.steps.recommend import recommend
from setupwizard.tools.process import ProcessResult

SAMPLES = [(FIXTURES / name).read_bytes() for name in files()]
WORDS = [
    b"[N/A]", b"[Unknown Error]", b"[GPU is lost]", b"ERR!", b"N/A", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\r\n",
    b"\n\n", b"|", b",", "²".encode(), b"9" * 5000,
    b"GPU-", b"MIG-", b"0x268410DE", b"99999999999999999999999", b"-1", b"\x1b[31m", b"</gpu>", b'<gpu id="', b"&amp;",
    "无法识别".encode("gbk"), "显卡".encode(), b"CUDA Version: ", b"Driver Version: ", b"gfx_target_version 4294967295",
]  # fmt: skip
quick = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A real sample with a few cuts, insertions and repetitions, perhaps as another system would encode it."""
    raw = bytearray(draw(st.sampled_from(SAMPLES)))
    for _change in range(draw(st.integers(0, 5))):
        start = draw(st.integers(0, len(raw)))
        end = min(len(raw), start + draw(st.integers(0, 60)))
        kind = draw(st.sampled_from(["cut", "word", "double", "noise", "other"]))
        if kind == "cut":
            del raw[start:end]
        elif kind == "word":
            raw[start:start] = draw(st.sampled_from(WORDS))
        elif kind == "double":
            raw[start:start] = raw[start:end]
        elif kind == "noise":
            raw[start:end] = draw(st.binary(max_size=30))
        else:
            raw += draw(st.sampled_from(SAMPLES))[:400]
    encoding = draw(st.sampled_from(["", "", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "cp850", "utf-8-sig"]))
    return bytes(raw).decode("utf-8", "replace").encode(encoding, "replace") if encoding else bytes(raw)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(raw=mutated())
def test_no_reader_of_a_programs_text_stumbles_over_any_bytes(raw: bytes) -> None:
    text = smi_text.readable(raw)
    for read in READERS.values():
        read(text)


@quick
@given(raw=st.one_of(mutated(), st.binary(max_size=300)), code=st.sampled_from([0, 1, 2, 6, 9, 255, None, -9]))
def test_what_nvidia_smi_prints_becomes_a_document(raw: bytes, code: int | None) -> None:
    text = smi_text.readable(raw)
    answer = smi_text.parse(ProcessResult(argv=("nvidia-smi",), returncode=code, stdout=text, stderr=text[:50]))
    assert all(card.name or card.trouble or card.pci_address or card.index is not None for card in answer.cards)
    assert len(answer.evidence) <= 42
    machine = made(gpus.Sources(bus=Bus(), nvml=SILENT, smi=answer, kernel=linux.KernelDriver(loaded=True)))
    assert from_json(Machine, to_json(redacted(machine)).encode("utf-8", "replace"), name="x") is not None


SILENT = DriverAnswer(source="nvml", state="not-asked")
TEXT = st.one_of(st.none(), st.sampled_from(["", "580.95.05", "13.0", "x", "8.9", "NVIDIA A100", "550.54.14"]))
PLACES = st.sampled_from([None, "0000:01:00.0", "0000:65:00.0", "10000:01:00.0"])
IDS = st.sampled_from([None, "10de:2684", "10de:1c03", "10de:ffff", "1002:744c", "8086:9bc4", "1414:008e"])
NUMBERS = st.one_of(st.none(), st.integers(0, 200_000))
STATES = st.sampled_from(
    ["ok", "no-devices", "absent", "not-loaded", "mismatch", "no-permission", "gpu-lost", "hangs", "error", "broken"]
)


def listed() -> st.SearchStrategy[ListedCard]:
    return st.builds(
        ListedCard,
        index=st.one_of(st.none(), st.integers(0, 3)),
        name=st.sampled_from(["", "NVIDIA GeForce RTX 4090", "Orin (nvgpu)"]),
        uuid=st.sampled_from([None, "GPU-1", "GPU-2"]),
        pci_id=IDS.filter(lambda one: one is None or one.startswith("10de")),
        pci_address=PLACES,
        compute_capability=st.sampled_from([None, "8.9", "6.1"]),
        memory_mib=NUMBERS,
        mig=st.booleans(),
        trouble=st.sampled_from([None, "GPU is lost"]),
    )


def answers(source: str) -> st.SearchStrategy[DriverAnswer]:
    return st.builds(
        DriverAnswer,
        source=st.just(source),
        state=STATES,
        driver=TEXT,
        cuda=TEXT,
        cards=st.lists(listed(), max_size=3).map(tuple),
        evidence=st.just((source,)),
    )


def vendor_of(pci_id: str) -> str:
    return {"10de": "nvidia", "1002": "amd", "8086": "intel"}.get(pci_id[:4], "other")


@st.composite
def computers(draw: st.DrawFn) -> gpus.Sources:
    known = draw(st.lists(st.tuples(IDS.filter(bool), PLACES.filter(bool)), max_size=3, unique_by=lambda one: one[1]))
    drivers = st.sampled_from([None, "nvidia", "nouveau", "vfio-pci", "amdgpu", "i915"])
    cards = tuple(
        PciCard(
            address=place,
            pci_id=number,
            vendor=vendor_of(number),
            kernel_driver=draw(drivers),
            asleep=draw(st.booleans()),
        )
        for number, place in known
    )  # fmt: skip
    adapter = st.builds(
        Adapter,
        pci_id=IDS,
        name=st.sampled_from(["", "NVIDIA GeForce RTX 4090", "Intel(R) UHD Graphics"]),
        provider=st.sampled_from(["NVIDIA", "Microsoft", ""]),
        driver_version=st.sampled_from([None, "32.0.15.8157", "10.0.26100.1", "?"]),
        disabled=st.booleans(),
        present=st.sampled_from([None, True, False]),
    )
    board = Gpu(vendor="nvidia", name="NVIDIA Jetson", integrated=True, sources=("device-tree",))
    node = KfdNode(pci_id="1002:744c", gfx="gfx1100", address=None)
    return gpus.Sources(
        bus=Bus(
            pci=cards,
            adapters=tuple(draw(st.lists(adapter, max_size=3))),
            others=draw(st.sampled_from([(), (board,)])),
            kfd=draw(st.sampled_from([None, (), (node,)])),
        ),
        nvml=draw(answers("nvml")),
        smi=draw(answers("nvidia-smi")),
        cuda=draw(answers("cuda")),
        kernel=draw(
            st.builds(
                linux.KernelDriver,
                loaded=st.booleans(),
                version=st.sampled_from([None, "580.95.05"]),
                open_module=st.booleans(),
                nodes=st.booleans(),
                dxg=st.booleans(),
                library=st.sampled_from([None, "580.95.05", "590.10"]),
            )
        ),
        log=draw(st.sampled_from([KernelLog(), KernelLog(not_started=frozenset(["0000:01:00.0"]), key_rejected=True)])),
    )


def made(sources: gpus.Sources, system: str = "linux", container: str | None = None) -> Machine:
    facts = SystemFacts(os=system, arch="x86_64", environment=Surroundings(container=container))  # type: ignore[arg-type]
    merged = gpus.merge(sources)
    nowhere = Roots(root=Path("/nonexistent"), environ={}, home=Path("/nonexistent"))
    found = findings(sources, merged, facts, nowhere, driver_installed=False)
    return Machine(
        os=facts.os,
        arch=facts.arch,
        gpus=merged.gpus,
        nvidia_driver=merged.driver,
        environment=facts.environment,
        findings=found,
    )


@quick
@given(
    sources=computers(),
    system=st.sampled_from(["linux", "windows", "macos"]),
    container=st.sampled_from([None, "docker"]),
)
def test_any_answers_become_one_consistent_document(sources: gpus.Sources, system: str, container: str | None) -> None:
    machine = made(sources, system, container)
    assert msgspec.json.decode(to_json(machine), type=Machine) == machine
    places = [gpu.pci_address for gpu in machine.gpus if gpu.pci_address and "sysfs" in gpu.sources]
    assert len(places) == len(set(places))
    assert all(finding.text and "{" not in finding.text for finding in machine.findings)
    assert in_language("zh_CN", lambda: made(sources, system, container)).gpus is not None
    recommend(machine)

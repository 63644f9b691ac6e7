"""What must hold for every machine, and a second, plain implementation of the five conditions to agree with."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from helpers.machines import linux, macos, nvidia, windows
from setupwizard.codes import RECOMMEND_EXIT
from setupwizard.model.catalogue import load_catalogue, numbers, platform_of, variant_kind
from setupwizard.model.gpu_table import compute_capability_of
from setupwizard.model.machine import FoundPython, Gpu, Machine, NvidiaDriver, PythonChoice
from setupwizard.model.recommendation import Build, Recommendation, Wishes
from setupwizard.model.wire import from_json, to_json
from setupwizard.resources import resource
from setupwizard.steps.recommend import recommend, recommend_many

FACTS = load_catalogue()
RAW = json.loads(resource("catalogue.json").read_bytes())
PCI_IDS = [
    f"10de:{device}" for chip in json.loads(resource("gpus.json").read_bytes())["nvidia"].values() for device in chip
]
CAPABILITIES = ["2.1", "3.0", "3.5", "3.7", "5.0", "5.2", "6.0", "6.1", "7.0", "7.5", "8.0", "8.6", "8.7", "8.9"]
CAPABILITIES += ["9.0", "10.0", "10.3", "11.0", "12.0", "12.1", "13.0"]
DRIVERS = ["390.157", "450.51.06", "450.80.02", "452.39", "470.256.02", "525.60.13", "528.33", "550.54.14", "570.65"]
DRIVERS += ["572.16", "575.57.08", "580.65.06", "581.57", "595.45.04", "610.43.02", "700.1", "N/A"]
PYTHONS = ["3.8", "3.9", "3.10", "3.11.4", "3.12", "3.13", "3.14.1", "3.15"]
OLD_SYSTEM_AND_PYTHON = Machine(
    os="linux",
    arch="x86_64",
    libc="glibc 2.27",
    gpus=(Gpu(vendor="nvidia", name="NVIDIA card", compute_capability="10.0"),),
    python=PythonChoice(version="3.8", fixed=True),
)
"""Nothing runs on the card until the system and the Python are newer: one of them alone does not help."""
QUICK = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])

nvidia_cards = st.builds(
    Gpu,
    vendor=st.just("nvidia"),
    name=st.just("NVIDIA card"),
    pci_id=st.none() | st.sampled_from(PCI_IDS) | st.sampled_from(["10de:3fff", "10de:0a65", "10de:1500"]),
    compute_capability=st.none() | st.sampled_from(CAPABILITIES),
    kernel_driver=st.sampled_from([None, None, "nvidia", "nouveau", "vfio-pci"]),
    driver_sees_it=st.sampled_from([None, None, True, False]),
    integrated=st.sampled_from([None, False]),
)
other_cards = st.one_of(
    st.builds(
        Gpu,
        vendor=st.just("amd"),
        name=st.just("Radeon"),
        gfx=st.none() | st.sampled_from([chip.gfx for chip in FACTS.amd.gfx] + ["gfx803"]),
        integrated=st.sampled_from([None, True, False]),
    ),
    st.builds(
        Gpu,
        vendor=st.just("intel"),
        name=st.sampled_from(
            ["Intel(R) UHD Graphics 770", "Intel(R) Arc(TM) A770 Graphics", "Intel(R) Arc(TM) Graphics"]
        ),
        driver_sees_it=st.sampled_from([None, True, False]),
    ),
    st.builds(Gpu, vendor=st.sampled_from(["apple", "qualcomm", "other"]), name=st.just("GPU")),
)
machines = st.builds(
    Machine,
    os=st.sampled_from(["linux", "linux", "windows", "macos"]),
    os_version=st.sampled_from([None, "10.0.19045", "10.0.26100", "13.6", "15.1"]),
    arch=st.sampled_from(["x86_64", "x86_64", "AMD64", "aarch64", "arm64", "i686"]),
    libc=st.sampled_from([None, None, "glibc 2.35", "glibc 2.27", "glibc 2.12", "musl 1.2"]),
    wsl=st.booleans(),
    jetpack=st.sampled_from([None, None, None, "6.2", "7.2"]),
    gpus=st.lists(st.one_of(nvidia_cards, nvidia_cards, other_cards), max_size=3).map(tuple),
    nvidia_driver=st.none() | st.builds(NvidiaDriver, version=st.sampled_from(DRIVERS), cuda=st.none()),
    python=st.none()
    | st.builds(
        PythonChoice,
        version=st.sampled_from(PYTHONS),
        free_threaded=st.booleans(),
        bits=st.sampled_from([64, 64, 32]),
        fixed=st.booleans(),
    ),
    pythons=st.lists(
        st.builds(
            FoundPython,
            path=st.just("/usr/bin/python3"),
            version=st.sampled_from(PYTHONS),
            bits=st.sampled_from([64, 32]),
            free_threaded=st.booleans(),
        ),
        max_size=3,
    ).map(tuple),
)


def capability_of(gpu: Gpu) -> tuple[int, ...]:
    return numbers(gpu.compute_capability or compute_capability_of(gpu.pci_id))


def is_published(build: Build, machine: Machine) -> None:
    """The build is one of the catalogue, and has a wheel for its Python and the machine's platform."""
    assert build.platform == platform_of(machine.os, machine.arch)
    release = FACTS.release(build.torch)
    assert release is not None
    published = release.builds[build.platform]
    assert build.variant in published.variants
    assert build.python in FACTS.python_tags(build.torch, build.platform, general=machine.os == "macos")
    assert not build.assumed
    if machine.os == "macos":
        assert (build.requirement, build.index_url) == (f"torch=={build.torch}", None)
    else:
        assert build.index_url == f"https://download.pytorch.org/whl/{build.variant}"
        assert build.requirement.startswith(f"torch=={build.torch}")
    glibc = (machine.libc or "").removeprefix("glibc ")
    if machine.os == "linux" and glibc:
        assert numbers(glibc) >= FACTS.glibc_floor(build.torch, build.variant, build.platform)


def runs_on(build: Build, gpu: Gpu, machine: Machine) -> None:
    """A CUDA build meets its driver floor, and holds code for a card whose capability is known."""
    cuda = FACTS.cuda_of(build.variant)
    if gpu.vendor != "nvidia" or not cuda:
        return
    board = build.platform == "linux_aarch64" and (machine.jetpack or capability_of(gpu) in {(8, 7), (11, 0)})
    driver = numbers(machine.nvidia_driver.version) if machine.nvidia_driver else ()
    if not board:
        windows_numbers = machine.os == "windows" or machine.wsl
        assert driver >= numbers(FACTS.driver_floor(build.variant, windows=windows_numbers))
    row = FACTS.arch_list(build.torch, build.variant, build.platform)
    assert row is not None
    capability = capability_of(gpu)
    if capability:
        compiled = any(FACTS.runs_on(sm, capability, cuda) for sm in row.sm)
        jit = any(numbers(ptx) <= capability for ptx in row.ptx)
        assert compiled or (jit and FACTS.cuda_of_driver(machine.nvidia_driver.version) >= cuda)  # type: ignore[union-attr]
        assert not FACTS.cudnn_is_too_new(build.torch, build.variant, capability)


def every_build(document: Recommendation) -> list[Build]:
    return [build for build in (document.build, document.after, *document.alternatives) if build is not None]


@given(machines)
@QUICK
def test_every_build_named_is_published_and_fits(machine: Machine) -> None:
    document = recommend(machine)
    named = [build for build in (document.build, *document.alternatives) if build is not None]
    for build in named:
        is_published(build, machine)
    for index in document.gpus:
        assert document.build is not None
        runs_on(document.build, machine.gpus[index], machine)
    for part in document.parts:
        assert part.gpus
    if document.after is not None:
        assert document.after.platform == platform_of(machine.os, machine.arch)
        assert document.after.variant in FACTS.release(document.after.torch).builds[document.after.platform].variants  # type: ignore[union-attr]


@given(machines)
@QUICK
def test_the_document_holds_together(machine: Machine) -> None:
    document = recommend(machine)
    assert document == recommend(machine), "the same machine, another decision"
    assert from_json(Recommendation, to_json(document).encode(), name="it") == document
    assert document.verdict in RECOMMEND_EXIT
    assert document.data_date == FACTS.data_date
    assert document.reasons
    pairs = [(build.torch, build.variant) for build in document.alternatives]
    assert len(pairs) == len(set(pairs)) <= 50
    if document.build is not None:
        assert (document.build.torch, document.build.variant) not in pairs
    rows = [(row.torch, row.variant) for row in document.rejected]
    assert len(rows) == len(set(rows))
    named = {*pairs, *([(document.build.torch, document.build.variant)] if document.build else [])}
    assert not named & set(rows), "rejected, and yet it runs"


@given(machines)
@QUICK
def test_each_verdict_keeps_its_promise(machine: Machine) -> None:
    document = recommend(machine)
    build = document.build
    if document.verdict in {"gpu", "split"}:
        assert build is not None
        assert document.gpus
        assert (build.variant == "cpu") is (machine.os == "macos")
        assert (len(document.parts) > 1) is (document.verdict == "split")
    else:
        assert document.gpus == ()
        assert build is None or build.variant == "cpu"
    if document.verdict in {"fix-driver", "fix-hardware"}:
        assert document.actions
        assert (
            document.after is not None
            or document.reasons[-1].code in {"compute-capability-unknown", "stop-gap"}
            or ("compute-capability-unknown" in {reason.code for reason in document.reasons})
        )
    if document.verdict == "change-python":
        assert machine.python is not None
        assert machine.python.fixed
        assert document.after is not None
    if document.verdict == "unsupported-os":
        assert build is None


@given(machines)
@QUICK
def test_no_card_is_sent_for_a_driver_that_does_not_serve_it(machine: Machine) -> None:
    document = recommend(machine)
    drivers = [action for action in document.actions if action.code.endswith("nvidia-driver")]
    generations = [FACTS.architecture_of(capability_of(gpu)) for gpu in machine.gpus if gpu.vendor == "nvidia"]
    too_old = {"Fermi", "Kepler"}
    if generations and all(generation is not None and generation.name in too_old for generation in generations):
        assert not drivers
    known = [generation for generation in generations if generation is not None]
    ending = {generation.last_branch for generation in known if generation.driver_helps} - {None}
    alone = all(generation is not None for generation in generations)
    for action in drivers:
        if alone and ending:
            assert action.at_most_branch == str(min(ending))  # type: ignore[type-var]
        assert action.at_least


@given(st.lists(machines, min_size=2, max_size=4))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_one_build_for_all_is_right_for_each(room: list[Machine]) -> None:
    document = recommend_many([(f"{number}.json", machine) for number, machine in enumerate(room)])
    assert len(document.machines) == len(room)
    if document.verdict in {"gpu", "cpu"}:
        for machine, row in zip(room, document.machines, strict=True):
            assert row.build == document.build
            assert row.build is not None
            is_published(row.build, machine)
            for index in row.gpus:
                runs_on(row.build, machine.gpus[index], machine)
    if document.verdict == "split":
        assert document.build is None


odd_words = st.one_of(st.text(max_size=20), st.sampled_from(["9" * 5000, "{card}", "10de:", "-1.5", "580.", "sm_89"]))


@given(odd_words, odd_words, odd_words, odd_words, odd_words, odd_words)
@settings(max_examples=150, deadline=None)
def test_odd_words_in_a_document_never_break_the_decision(
    driver: str, capability: str, pci_id: str, libc: str, version: str, name: str
) -> None:
    card = nvidia(capability, pci_id=pci_id, name=name, gfx=libc)
    for make in (linux, windows):
        document = recommend(make(card, driver=driver, libc=libc, os_version=version, jetpack=version))
        assert document.reasons
    assert recommend(macos(Gpu(vendor="apple", name=name), os_version=version)).reasons


# --- a second opinion ----------------------------------------------------------------------------------------------

ORDER_NEW = ["cu130", "cu132", "cu129", "cu128", "cu126", "cu124", "cu121", "cu118", "cu117", "cu116"]
ORDER_OLD = ["cu126", "cu118", "cu124", "cu121", "cu128", "cu129", "cu117", "cu116", "cu130", "cu132"]
EXCLUDED = {"5.0": ["5.3"], "6.0": ["6.2"], "6.1": ["6.2"], "7.0": ["7.2"], "8.0": ["8.7"], "8.6": ["8.7"]}
FLOORS = {("linux", 13): (580,), ("linux", 12): (525, 60, 13), ("linux", 11): (450, 80, 2)}
FLOORS |= {("windows", 13): (580,), ("windows", 12): (528, 33), ("windows", 11): (452, 39)}


def plain_answer(  # noqa: C901 - plain is the point
    system: str, platform: str, capability: str, driver: str, python: str | None
) -> str | None:
    """Read the file as it is, and go through everything: no shared code, no cleverness."""
    wanted = tuple(int(part) for part in capability.split("."))
    have = tuple(int(part) for part in driver.split("."))
    order = ORDER_OLD if wanted < (7, 5) else ORDER_NEW
    answers = []
    for release in RAW["releases"]:
        build = release["builds"].get(platform)
        if build is None or (python and python not in build["python"] + build.get("index_python", [])):
            continue
        minor = ".".join(release["torch"].split(".")[:2])
        for variant in build["variants"]:
            if not variant.startswith("cu"):
                continue
            if have < FLOORS[system, int(variant[2:-1])]:
                continue
            if wanted[0] == 3 and tuple(map(int, minor.split("."))) >= (2, 4):
                continue  # cuDNN 9
            for row in RAW["arch_lists"]:
                if (row["torch"], row["variant"]) == (minor, variant) and platform in row["platforms"]:
                    for sm in row["sm"]:
                        first = tuple(map(int, sm.split(".")))
                        if first[0] == wanted[0] and first <= wanted and capability not in EXCLUDED.get(sm, []):
                            version = tuple(map(int, release["torch"].split(".")))
                            answers.append((version, -order.index(variant), f"{release['torch']}+{variant}"))
    return max(answers)[2] if answers else None


@given(
    st.sampled_from(["linux", "windows"]),
    st.sampled_from(
        ["3.5", "3.7", "5.0", "5.2", "6.0", "6.1", "7.0", "7.5", "8.0", "8.6", "8.9", "9.0", "10.0", "12.0"]
    ),
    st.tuples(st.integers(440, 620), st.integers(0, 99), st.integers(0, 20)),
    st.none() | st.sampled_from(["3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.13t", "3.14", "3.14t", "3.15"]),
)
@settings(max_examples=600, deadline=None)
def test_a_second_implementation_agrees(
    system: str, capability: str, driver: tuple[int, int, int], python: str | None
) -> None:
    platform = "linux_x86_64" if system == "linux" else "win_amd64"
    version = f"{driver[0]}.{driver[1]:02}.{driver[2]:02}" if system == "linux" else f"{driver[0]}.{driver[1]:02}"
    fixed = None
    if python is not None:
        fixed = PythonChoice(version=python.rstrip("t"), free_threaded=python.endswith("t"), fixed=True)
    make = linux if system == "linux" else windows
    # The card is seen, so that the driver's age does not come in: that has tests of its own.
    document = recommend(make(nvidia(capability, driver_sees_it=True), driver=version, python=fixed))
    expected = plain_answer(system, platform, capability, version, python)
    if expected is None:
        assert document.verdict in {"cpu", "fix-driver", "change-python"}
    else:
        assert document.verdict == "gpu"
        assert document.build is not None
        assert f"{document.build.torch}+{document.build.variant}" == expected


def test_every_kind_of_verdict_has_been_seen_by_the_generator() -> None:
    """The strategies reach what they are meant to: otherwise the properties above would prove little."""
    seen: set[str] = set()

    @given(machines)
    @settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    def look(machine: Machine) -> None:
        seen.add(recommend(machine).verdict)

    look()
    assert seen >= {"gpu", "cpu", "fix-driver", "fix-hardware", "change-python", "other-route", "unsupported-os"}


def test_the_name_of_a_variant_tells_what_it_runs_on() -> None:
    assert [variant_kind(name) for name in ("cpu", "cu130", "rocm7.14", "xpu")] == ["cpu", "cuda", "rocm", "xpu"]


# --- what a person relies on -----------------------------------------------------------------------------------------

named_cards = st.builds(
    lambda capability, number: nvidia(capability, name=f"Card {number} of {capability}", driver_sees_it=True),
    st.sampled_from([capability for capability in CAPABILITIES if capability != "8.7"]),
    st.integers(1, 9),
)


def plain_code(torch: str, variant: str, platform: str, capability: str) -> bool:
    """Whether a build holds compiled code for a card, read from the file alone."""
    wanted = tuple(map(int, capability.split(".")))
    minor = ".".join(torch.split(".")[:2])
    for row in RAW["arch_lists"]:
        if (row["torch"], row["variant"]) == (minor, variant) and platform in row["platforms"]:
            for sm in row["sm"]:
                first = tuple(map(int, sm.split(".")))
                if first[0] == wanted[0] and first <= wanted and capability not in EXCLUDED.get(sm, []):
                    return True
    return False


@given(
    st.sampled_from(["linux", "windows"]),
    st.lists(named_cards, min_size=1, max_size=3, unique_by=lambda card: card.name),
    st.none() | st.sampled_from([driver for driver in DRIVERS if driver != "N/A"]),
    st.none() | st.sampled_from(["3.8", "3.10", "3.12", "3.13t", "3.15"]),
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_rejected_build_names_a_true_cause(
    system: str, cards: list[Gpu], driver: str | None, python: str | None
) -> None:
    platform = "linux_x86_64" if system == "linux" else "win_amd64"
    make = linux if system == "linux" else windows
    seen = [replace(card, driver_sees_it=True if driver else None) for card in cards]
    document = recommend(make(*seen, driver=driver), Wishes(python=python))
    have = tuple(map(int, driver.split("."))) if driver else None
    for row in document.rejected:
        cuda = (int(row.variant[2:-1]), int(row.variant[-1]))
        held = [card for card in cards if plain_code(row.torch, row.variant, platform, card.compute_capability or "")]
        build = next(one for one in RAW["releases"] if one["torch"] == row.torch)["builds"][platform]
        assert row.torch in row.text
        assert row.variant in row.text
        if row.code == "no-wheel":
            assert row.variant not in build["variants"]
            continue
        assert row.variant in build["variants"]
        if row.code == "arch":
            assert not held
            assert all(card.name in row.text for card in cards)
        elif row.code == "library":
            assert [card for card in held if (card.compute_capability or "").startswith("3.")]
            assert tuple(map(int, row.torch.split("."))) >= (2, 4)
        elif row.code == "driver":
            assert have is None or have < FLOORS[system, cuda[0]]
            assert driver is None or driver in row.text
        else:
            assert row.code == "python"
            assert python is not None
            assert python not in build["python"] + build.get("index_python", [])
            assert python in row.text


@given(
    st.sampled_from(["linux", "windows"]),
    st.lists(
        st.sampled_from(["5.2", "6.1", "7.0", "7.5", "8.0", "8.6", "8.9", "9.0", "10.0", "12.0"]),
        min_size=1,
        max_size=3,
    ),
    st.tuples(st.integers(440, 589), st.integers(0, 99)),
    st.tuples(st.integers(440, 589), st.integers(0, 99)),
    st.none() | st.sampled_from(["3.9", "3.10", "3.12", "3.14"]),
)
@settings(max_examples=300, deadline=None)
def test_a_better_driver_never_gives_a_worse_answer(
    system: str, capabilities: list[str], one: tuple[int, int], other: tuple[int, int], python: str | None
) -> None:
    """Up to the last branch that knows every card; the cards are seen, so that their age does not come in."""
    make = linux if system == "linux" else windows

    def rank(driver: tuple[int, int]) -> tuple[int, tuple[int, ...]]:
        cards = [nvidia(capability, driver_sees_it=True) for capability in capabilities]
        document = recommend(make(*cards, driver=f"{driver[0]}.{driver[1]:02}"), Wishes(python=python))
        if document.verdict not in {"gpu", "split"} or document.build is None:
            return 0, ()
        return len(document.gpus), tuple(map(int, document.build.torch.split(".")))

    worse, better = sorted([one, other])
    assert rank(worse) <= rank(better)


@given(
    machines,
    st.sampled_from([release.torch for release in FACTS.releases]),
    st.sampled_from(["cu118", "cu126", "cu130", "cpu", "xpu", "rocm7.14", "cu999"]),
)
@QUICK
def test_a_wish_is_honoured_or_refused_with_the_reason(machine: Machine, torch: str, variant: str) -> None:
    for wishes in (Wishes(torch=torch), Wishes(variant=variant), Wishes(torch=torch, variant=variant)):
        document = recommend(machine, wishes)
        assert document.reasons
        for build in (document.build, document.after):
            if build is not None:
                assert wishes.torch is None or build.torch == torch
                assert wishes.variant is None or build.variant == variant or document.verdict == "other-route"
        assert document.build is not None or document.verdict not in {"gpu", "cpu", "split"}
        if "wish-unmet" in {reason.code for reason in document.reasons}:
            assert (document.verdict, document.gpus) == ("unsupported-os", ())


@given(machines)
@example(OLD_SYSTEM_AND_PYTHON)
@QUICK
def test_no_usable_card_gets_the_processor_build_in_silence(machine: Machine) -> None:
    """The verdict cpu is for machines on which no driver, restart or slot would make a known card run."""
    document = recommend(machine)
    platform = platform_of(machine.os, machine.arch)
    if document.verdict != "cpu" or document.after is not None or platform is None:
        return
    for gpu in machine.gpus:
        capability = capability_of(gpu)
        if gpu.vendor != "nvidia" or not capability or machine.jetpack or capability in {(8, 7), (11, 0)}:
            continue
        architecture = FACTS.architecture_of(capability)
        helped = architecture is None or architecture.driver_helps
        runs = [
            release.torch
            for release in FACTS.releases
            if platform in release.builds
            for variant in release.builds[platform].variants
            if variant_kind(variant) == "cuda"
            and FACTS.holds_code(release.torch, variant, platform, capability, (0,))
            and not FACTS.cudnn_is_too_new(release.torch, variant, capability)
        ]
        assert not (helped and runs), (gpu, document.reasons)

"""What an install brings beside torch and how much room it takes: dated data, not code."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from msgspec import Struct
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from setupwizard.model.wire import read_document
from setupwizard.resources import resource


class Companion(Struct, frozen=True, kw_only=True):
    """A package that comes along, for the releases of torch that the specifier names."""

    requirement: str
    for_torch: str


class Room(Struct, frozen=True, kw_only=True):
    """How much room an install takes, and where there is so much that downloads are kept.

    Attributes:
        stored_per_downloaded_small, stored_per_downloaded_large: how much larger an installed set is than its wheels.
        temporary_bytes: what the proof and the resolver may write to the folder of temporary files.
        ample_free_bytes, ample_times: ample is so much, and so many times what the downloads take.
    """

    small_up_to_bytes: int
    stored_per_downloaded_small: float
    stored_per_downloaded_large: float
    temporary_bytes: int
    ample_free_bytes: int
    ample_times: int

    def is_ample(self, free: int, downloads: int) -> bool:
        """Whether so much free room leaves the downloads where they are."""
        return free >= max(self.ample_free_bytes, self.ample_times * downloads)


class VcRuntime(Struct, frozen=True, kw_only=True):
    """The Microsoft Visual C++ runtime that torch's files for Windows need.

    Attributes:
        files: what is loaded; requirement: the package that holds these files for an environment of its own.
        url: Microsoft's own installer, which needs administrator rights.
    """

    files: tuple[str, ...]
    requirement: str
    url: str

    def missing_in(self, folder: Path) -> tuple[str, ...]:
        """Return the names of the files that a folder, Windows' System32, lacks."""
        return tuple(name for name in self.files if not (folder / name).is_file())


class Synchronised(Struct, frozen=True, kw_only=True):
    """A service that copies a folder to other computers, and how its folder is known.

    Attributes:
        variables: environment variables that name it.
        folders: patterns of its name, in small letters; at_home: names that mean it in a home folder alone.
        markers: files that the service leaves in it.
    """

    name: str
    variables: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    at_home: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()


class InstallData(Struct, frozen=True, kw_only=True):
    """The bundled facts about installing.

    Attributes:
        longest_member: characters of the longest path in a wheel of torch.
    """

    date: str
    companions: tuple[Companion, ...]
    whole_index_variants: tuple[str, ...]
    room: Room
    vc_runtime: VcRuntime
    longest_member: int
    synchronised: tuple[Synchronised, ...]

    def companions_of(self, torch: str) -> tuple[str, ...]:
        """Return the requirements that come along with a release of torch."""
        release = Version(torch)
        return tuple(
            companion.requirement
            for companion in self.companions
            if SpecifierSet(companion.for_torch).contains(release, prereleases=True)
        )

    def needs_whole_index(self, variant: str) -> bool:
        """Whether packages beside torch come from the variant's own index as well."""
        return variant.startswith(self.whole_index_variants)

    def stored_bytes(self, downloaded: int) -> int:
        """Return the estimated size of an environment in bytes, from the size of its wheels."""
        small = downloaded <= self.room.small_up_to_bytes
        factor = self.room.stored_per_downloaded_small if small else self.room.stored_per_downloaded_large
        return int(downloaded * factor)


@cache
def install_data() -> InstallData:
    """Return the facts that came with this copy of the program."""
    return read_document(InstallData, resource("install.json"))

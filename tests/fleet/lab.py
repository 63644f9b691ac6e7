"""A lab of simulated computers: each has a network, a root, a disk, a process tree and an ssh server of its own.

One namespace holds the bridge, the room's server and Ansible; nothing is added to the network of this machine. A host's
root is this machine's, seen through a layer of its own on a disk of a chosen size, so the checkout and its Python are
there and whatever a host writes stays in its layer. Needs root, iproute2 and openssh-server.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

NETWORK = "10.77.0"
_LETTERS = iter("abcdefghijklmnopqrstuvwxyz")  # a second lab stands beside the first one, with names of its own
CENTRE = f"{NETWORK}.1"
FIRST_HOST = 10
PATIENCE = 30.0

# What a host does from its first process on: a root of its own, then the ssh server. $1 is its name, $2 its disk.
_BOOT = """
set -e
hostname "$1"
mount --make-rprivate /
mount -t overlay overlay -o lowerdir=/,upperdir="$2/upper",workdir="$2/work" "$2/root"
cd "$2/root"
mount -t proc proc proc
mount --rbind /dev dev
mkdir -p .before run/sshd
pivot_root . .before
umount -l /.before
exec /usr/sbin/sshd -D -e -f /etc/ssh/lab.conf
"""


def sh(*argv: str | Path) -> str:
    """Run a system tool, which has to succeed; return what it printed."""
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise RuntimeError(f"{argv}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()


def missing() -> str | None:
    """Return why no lab can stand on this machine; None: one can."""
    if os.name != "posix" or os.geteuid() != 0:
        return "a lab of simulated computers needs root on Linux"
    tools = [name for name in ("ip", "tc", "ssh", "ssh-keygen", "unshare", "pivot_root") if shutil.which(name) is None]
    if not Path("/usr/sbin/sshd").exists():
        tools.append("sshd")
    if tools:
        return f"not installed: {', '.join(tools)} (scripts/set_up_fleet.sh installs them)"
    tried = subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "true"], capture_output=True, check=False)
    return None if tried.returncode == 0 else "this machine allows no namespaces of our own (unshare)"


@dataclass(kw_only=True)
class Host:
    """One simulated computer.

    Attributes:
        disk: the size of its disk, as tmpfs takes it.
        environment: what every login finds in its environment.
        files: what lies on its disk from the beginning, by path from the root.
    """

    name: str
    number: int
    folder: Path
    centre: str
    disk: str = "600m"
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"{NETWORK}.{FIRST_HOST + self.number}"

    @property
    def space(self) -> str:
        return f"{self.centre}{self.number}"

    @property
    def layer(self) -> Path:
        """What this host wrote; also there while it is switched off."""
        return self.folder / "upper"

    def create(self, public_key: str) -> str:
        """Make the network and the disk; return the line for known_hosts."""
        link = f"{self.centre}v{self.number}"
        sh("ip", "netns", "add", self.space)
        sh("ip", "-n", self.centre, "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", self.space)
        sh("ip", "-n", self.centre, "link", "set", link, "master", "room", "up")
        sh("ip", "-n", self.space, "addr", "add", f"{self.address}/24", "dev", "eth0")
        for name in ("eth0", "lo"):
            sh("ip", "-n", self.space, "link", "set", name, "up")
        self.folder.mkdir(parents=True)
        sh("mount", "-t", "tmpfs", "-o", f"size={self.disk},mode=755", "lab", self.folder)
        for name in ("upper/root/.ssh", "upper/etc/ssh", "work", "root"):
            (self.folder / name).mkdir(parents=True)
        (self.layer / "root").chmod(0o700)
        (self.layer / "root/.ssh").chmod(0o700)
        (self.layer / "root/.ssh/authorized_keys").write_text(public_key, encoding="utf-8")
        (self.layer / "etc/hosts").write_text(f"127.0.0.1 localhost {self.name}\n", encoding="utf-8")
        key = self.layer / "etc/ssh/lab_key"
        sh("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
        settings = " ".join(f'"{name}={value}"' for name, value in self.environment.items())
        lines = [
            f"ListenAddress {self.address}", "HostKey /etc/ssh/lab_key", "PidFile none", "UsePAM no",
            "PermitRootLogin prohibit-password", "PasswordAuthentication no", "Subsystem sftp internal-sftp",
            *([f"SetEnv {settings}"] if settings else []),
        ]  # fmt: skip
        (self.layer / "etc/ssh/lab.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
        for name, content in self.files.items():
            (self.layer / name).parent.mkdir(parents=True, exist_ok=True)
            (self.layer / name).write_bytes(content)
        kind, blob = key.with_suffix(".pub").read_text("utf-8").split()[:2]
        return f"{self.address} {kind} {blob}\n"

    def boot(self) -> None:
        """Switch it on, and wait until somebody can log in."""
        with (self.folder.parent / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    "ip", "netns", "exec", self.space, "unshare", "--mount", "--uts", "--ipc", "--pid", "--fork",
                    "--kill-child", "bash", "-c", _BOOT, "-", self.name, str(self.folder),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )  # fmt: skip
        end = time.monotonic() + PATIENCE
        while not self._listens():
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f"{self.name} did not start: {self.folder.parent / f'{self.name}.log'}")
            time.sleep(0.05)

    def power_off(self) -> None:
        """Cut the power: every process of it is gone at once, and its disk stays."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def rate(self, mbit: int) -> None:
        """Limit the line to the host."""
        link = f"{self.centre}v{self.number}"
        sh(
            "tc", "-n", self.centre, "qdisc", "replace", "dev", link, "root", "tbf",
            "rate", f"{mbit}mbit", "burst", "64kbit", "latency", "400ms",
        )  # fmt: skip

    def grow(self, disk: str) -> None:
        """Give it a larger disk."""
        sh("mount", "-o", f"remount,size={disk}", self.folder)

    def destroy(self) -> None:
        """Take everything of it away."""
        if self.process is not None:
            self.power_off()
        subprocess.run(["umount", "-l", str(self.folder)], capture_output=True, check=False)
        subprocess.run(["ip", "netns", "del", self.space], capture_output=True, check=False)

    def _listens(self) -> bool:
        found = subprocess.run(
            ["ip", "netns", "exec", self.space, "ss", "-Hltn", "sport", "=", ":22"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return self.address in found.stdout


class Lab:
    """The centre and its hosts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.centre = f"sw{os.getpid() % 100_000}{next(_LETTERS)}"
        self.hosts: list[Host] = []
        self._key = folder / "key"

    def open(self) -> None:
        """Make the centre."""
        self.folder.mkdir(parents=True, exist_ok=True)
        sh("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self._key)
        sh("ip", "netns", "add", self.centre)
        sh("ip", "-n", self.centre, "link", "set", "lo", "up")
        sh("ip", "-n", self.centre, "link", "add", "room", "type", "bridge")
        sh("ip", "-n", self.centre, "addr", "add", f"{CENTRE}/24", "dev", "room")
        sh("ip", "-n", self.centre, "link", "set", "room", "up")

    def add(
        self,
        name: str,
        *,
        disk: str = "600m",
        environment: Mapping[str, str] | None = None,
        files: Mapping[str, bytes] | None = None,
    ) -> Host:
        """Add a host, switched on."""
        host = Host(
            name=name,
            number=len(self.hosts) + 1,
            folder=self.folder / "disks" / name,
            centre=self.centre,
            disk=disk,
            environment=environment or {},
            files=files or {},
        )
        self.hosts.append(host)
        line = host.create(self._key.with_suffix(".pub").read_text("utf-8"))
        with (self.folder / "known_hosts").open("a", encoding="utf-8") as known:
            known.write(line)
        host.boot()
        return host

    def inventory(self, python: str, variables: Mapping[str, str] | None = None) -> Path:
        """Write the list of hosts as Ansible reads it."""
        ssh = f"-o UserKnownHostsFile={self.folder / 'known_hosts'} -o StrictHostKeyChecking=yes -o ConnectTimeout=5"
        settings = {
            "ansible_user": "root",
            "ansible_ssh_private_key_file": str(self._key),
            "ansible_ssh_common_args": ssh,
            "ansible_python_interpreter": python,
            **(variables or {}),
        }
        lines = ["[lab]", *(f"{host.name} ansible_host={host.address}" for host in self.hosts), "[lab:vars]"]
        path = self.folder / "inventory.ini"
        path.write_text("\n".join([*lines, *(f"{name}={value}" for name, value in settings.items())]) + "\n", "utf-8")
        return path

    def inside(self, argv: Sequence[str | Path]) -> list[str]:
        """Return a command that runs in the network of the centre."""
        return ["ip", "netns", "exec", self.centre, *map(str, argv)]

    def on(self, host: Host, command: str) -> str:
        """Return what a command prints on a host, by ssh."""
        done = subprocess.run([*self._ssh(host), command], capture_output=True, text=True, check=False, timeout=120)
        return (done.stdout + done.stderr).strip()

    def write(self, host: Host, path: str, content: bytes) -> None:
        """Write a file on a host, by ssh."""
        subprocess.run(
            [*self._ssh(host), f"mkdir -p $(dirname {path}) && cat >{path}"], input=content, check=True, timeout=60
        )

    def _ssh(self, host: Host) -> list[str]:
        known = f"UserKnownHostsFile={self.folder / 'known_hosts'}"
        return self.inside(["ssh", "-i", self._key, "-o", known, "-o", "ConnectTimeout=5", f"root@{host.address}"])

    def close(self) -> None:
        """Take everything away."""
        for host in self.hosts:
            host.destroy()
        subprocess.run(["ip", "netns", "del", self.centre], capture_output=True, check=False)


@contextmanager
def lab(folder: Path) -> Iterator[Lab]:
    """A lab that is gone afterwards, however its tests end."""
    made = Lab(folder)
    try:
        made.open()
        yield made
    finally:
        made.close()

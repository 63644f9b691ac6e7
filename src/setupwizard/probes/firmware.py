"""What the firmware's names say, whichever system read them."""

from __future__ import annotations

# A word in the vendor's or product's name -> the virtual machine it stands for; systemd's detect-virt knows them too.
_VIRTUAL_MACHINES = (
    ("qemu", "qemu"),
    ("kvm", "kvm"),
    ("vmware", "vmware"),
    ("virtualbox", "virtualbox"),
    ("innotek", "virtualbox"),
    ("parallels", "parallels"),
    ("xen", "xen"),
    ("virtual machine", "hyper-v"),
    ("amazon ec2", "amazon"),
    ("google compute engine", "google"),
    ("openstack", "openstack"),
    ("bhyve", "bhyve"),
)


def virtual_machine_named(firmware: str) -> str | None:
    """Return the virtual machine that the firmware's vendor and product names stand for, None for a true computer."""
    words = firmware.lower()
    return next((name for word, name in _VIRTUAL_MACHINES if word in words), None)

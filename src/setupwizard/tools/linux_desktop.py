"""What Linux' desktops show outside our window: a notification, and progress on the icon in the dock."""

from __future__ import annotations

from setupwizard.tools.message_bus import Bus, Place

# https://specifications.freedesktop.org/notification-spec/latest/protocol.html
_NOTIFICATIONS = Place(
    service="org.freedesktop.Notifications",
    path="/org/freedesktop/Notifications",
    interface="org.freedesktop.Notifications",
)
# https://wiki.ubuntu.com/Unity/LauncherAPI: KDE Plasma, Ubuntu's dock, Dash to Dock and Plank listen to it
_LAUNCHER = ("/com/canonical/unity/launcherentry/1", "com.canonical.Unity.LauncherEntry")
# https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.Settings.html
_PORTAL = Place(
    service="org.freedesktop.portal.Desktop",
    path="/org/freedesktop/portal/desktop",
    interface="org.freedesktop.portal.Settings",
)
_APP = "setupwizard"


def wants_stillness() -> bool:
    """Return whether the person asked the desktop for less motion: the common setting, else that of GNOME."""
    bus = Bus()
    try:
        wish = bus.call(_PORTAL, "ReadOne", "ss", "org.freedesktop.appearance", "reduced-motion")
        if wish is not None:
            return bool(wish[0][1])
        moves = bus.call(_PORTAL, "ReadOne", "ss", "org.gnome.desktop.interface", "enable-animations")
        return moves is not None and not moves[0][1]
    finally:
        bus.close()


class LinuxDesktop:
    """The desktop of this session; what it does not have is not shown."""

    def __init__(self) -> None:
        """Speak to nobody yet."""
        self._bus = Bus()

    def show(self, percent: int, *, paused: bool = False) -> None:  # noqa: ARG002 - these docks know no rest
        """Show on our icon how much of the job is done."""
        self._update({"progress": ("d", percent / 100), "progress-visible": ("b", True)})

    def clear(self) -> None:
        """Show a plain icon again."""
        self._update({"progress-visible": ("b", False)})

    def notify(self, program: str, title: str, text: str) -> None:
        """Show a notification, without a sound and for as long as the desktop likes."""
        hints = {"desktop-entry": ("s", _APP), "suppress-sound": ("b", True)}
        self._bus.tell(_NOTIFICATIONS, "Notify", "susssasa{sv}i", program, 0, _APP, title, text, [], hints, -1)

    def close(self) -> None:
        """Leave the message bus; docks forget us then."""
        self._bus.close()

    def _update(self, properties: dict[str, tuple[str, float | bool]]) -> None:
        self._bus.signal(*_LAUNCHER, "Update", "sa{sv}", f"application://{_APP}.desktop", properties)

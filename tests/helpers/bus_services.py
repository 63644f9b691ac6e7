"""Stands in for what a Linux desktop offers on the message bus, and notes what is asked of it.

Usage: python bus_services.py FILE NAME...: takes the names on the bus of DBUS_SESSION_BUS_ADDRESS, says "ready", and
writes every call and every signal of a launcher as a line of JSON to FILE. A lock of logind is one end of a pipe: that
it was given back is noted as {"call": "released"}. PORTAL_SETTINGS
holds what the desktop is set to, as {name: [type, value]}.
"""

import json
import os
import select
import sys
from pathlib import Path

from jeepney import MatchRule, MessageType, message_bus, new_error, new_method_return
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from jeepney.low_level import HeaderFields, Message

LAUNCHER = "com.canonical.Unity.LauncherEntry"


class Services:
    def __init__(self, bus: DBusConnection, file: Path) -> None:
        self.bus = bus
        self.file = file
        self.locks: list[int] = []
        self.cookies = 0
        self.settings: dict[str, tuple[str, object]] = json.loads(os.environ.get("PORTAL_SETTINGS", "{}"))

    def note(self, **row: object) -> None:
        with self.file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(row, default=str) + "\n")

    def take(self, message: Message) -> None:
        fields = message.header.fields
        name, interface = fields.get(HeaderFields.member), fields.get(HeaderFields.interface, "")
        if message.header.message_type is MessageType.signal:
            if interface == LAUNCHER:
                self.note(call=name, interface=interface, words=message.body)
        elif message.header.message_type is MessageType.method_call:
            self.note(call=name, interface=interface, words=message.body)
            self.answer(message, str(name), str(interface))

    def answer(self, message: Message, name: str, interface: str) -> None:
        if interface == "org.freedesktop.login1.Manager":
            ours, theirs = os.pipe()
            self.locks.append(ours)
            self.bus.send(new_method_return(message, "h", (theirs,)))
            os.close(theirs)
        elif name == "ReadOne" and self.settings.get(message.body[1]) is not None:
            self.bus.send(new_method_return(message, "v", (self.settings[message.body[1]],)))
        elif name == "ReadOne":
            self.bus.send(new_error(message, "org.freedesktop.portal.Error.NotFound"))
        elif name in {"Inhibit", "Notify"}:
            self.cookies += 1
            self.bus.send(new_method_return(message, "u", (self.cookies,)))
        else:
            self.bus.send(new_method_return(message))

    def serve(self) -> None:
        while True:
            ready, _write, _error = select.select([self.bus.sock, *self.locks], [], [], 0.2)
            for lock in [one for one in self.locks if one in ready]:
                self.locks.remove(lock)
                os.close(lock)
                self.note(call="released")
            try:
                while True:
                    self.take(self.bus.receive(timeout=0))
            except TimeoutError:
                pass


def main() -> None:
    file, *names = sys.argv[1:]
    bus = open_dbus_connection(enable_fds=True)
    for name in names:
        bus.send_and_get_reply(message_bus.RequestName(name))
    rule = MatchRule(type="signal", interface=LAUNCHER)
    bus.send_and_get_reply(message_bus.AddMatch(rule))
    print("ready", flush=True)
    Services(bus, Path(file)).serve()


if __name__ == "__main__":
    main()

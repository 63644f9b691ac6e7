"""Linux' message bus (D-Bus) as far as we need it; that nobody is there is an answer and never a reason to stop."""

from __future__ import annotations

import logging
from typing import Any

from msgspec import Struct

log = logging.getLogger(__name__)

_WAIT_S = 2.0


class Place(Struct, frozen=True, kw_only=True):
    """Who is spoken to: the name on the bus, the object, and the set of its functions."""

    service: str
    path: str
    interface: str


class Bus:
    """A connection to the bus of the person's session, or of the computer; made when it is used for the first time."""

    def __init__(self, *, system: bool = False) -> None:
        """Take which bus it is."""
        self._system = system
        self._asked = False
        self._connection: Any = None

    def call(self, place: Place, function: str, signature: str, *words: object) -> tuple[Any, ...] | None:
        """Call a function and return its answer; None where there is no bus, nobody of that name, or a refusal.

        A file in an answer is a `jeepney.fds.FileDescriptor`, to be taken over or closed.
        """
        from jeepney import DBusAddress, MessageType, new_method_call

        if not self._open():
            return None
        address = DBusAddress(place.path, bus_name=place.service, interface=place.interface)
        try:
            message = new_method_call(address, function, signature, words)
            answer = self._connection.send_and_get_reply(message, timeout=_WAIT_S)
        except (OSError, RuntimeError) as error:
            log.info("%s did not answer: %r", place.service, error)
            return None
        body: tuple[Any, ...] = answer.body
        if answer.header.message_type is not MessageType.method_return:
            log.info("%s refused: %s", place.service, body)
            return None
        return body

    def tell(self, place: Place, function: str, signature: str, *words: object) -> None:
        """Call a function and wait for no answer."""
        from jeepney import DBusAddress, MessageFlag, new_method_call

        address = DBusAddress(place.path, bus_name=place.service, interface=place.interface)
        message = new_method_call(address, function, signature, words)
        message.header.flags |= MessageFlag.no_reply_expected
        self._send(message)

    def signal(self, path: str, interface: str, name: str, signature: str, *words: object) -> None:
        """Tell everybody who listens."""
        from jeepney import DBusAddress, new_signal

        self._send(new_signal(DBusAddress(path, interface=interface), name, signature, words))

    def close(self) -> None:
        """Leave the bus: what holds for as long as we are on it ends."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _send(self, message: object) -> None:
        if not self._open():
            return
        try:
            self._connection.send(message)
        except OSError as error:
            log.info("the message bus is gone: %r", error)

    def _open(self) -> bool:
        if not self._asked:
            self._asked = True
            self._connection = _connection(system=self._system)
        return self._connection is not None


def _connection(*, system: bool) -> Any:
    from jeepney.io.blocking import open_dbus_connection

    try:
        return open_dbus_connection(bus="SYSTEM" if system else "SESSION", enable_fds=system)
    except (OSError, KeyError, ValueError, RuntimeError) as error:  # none is there, or it does not let us in
        log.info("no message bus: %r", error)
        return None

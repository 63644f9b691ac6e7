"""What programs print in old encodings, on any system."""

from __future__ import annotations

import pytest

from setupwizard.tools.decoding import Decoder


def read(raw: bytes, encoding: str = "utf-8", fallback: str = "cp936", size: int = 1) -> str:
    decoder = Decoder(encoding, fallback)
    parts = [decoder.decode(raw[start : start + size]) for start in range(0, len(raw), size)]
    return "".join([*parts, decoder.decode(b"", final=True)])


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_each_line_is_read_in_its_own_encoding(size: int) -> None:
    raw = "显卡：正常\r\n".encode() + "显卡：正常\r\n".encode("gbk") + b"ok\n"
    assert read(raw, size=size) == "显卡：正常\r\n显卡：正常\r\nok\n"


def test_the_last_line_needs_no_end() -> None:
    assert read("失败".encode("gbk")) == "失败"


def test_what_nobody_can_decode_is_escaped() -> None:
    assert read(b"a\xff\n", fallback="ascii") == "a\\xff\n"
    assert read(b"a\xff\n", fallback="utf-8") == "a\\xff\n"


def test_a_flood_without_lines_does_not_wait() -> None:
    decoder = Decoder("utf-8", "cp936")
    assert decoder.decode(b"x" * 10) == ""
    assert len(decoder.decode(b"x" * (1 << 17))) == (1 << 17) + 10


def test_utf8_everywhere_comes_at_once() -> None:
    decoder = Decoder("utf-8", "utf8")
    assert decoder.decode(b"no line end") == "no line end"

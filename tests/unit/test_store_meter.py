"""The rate and the time left; and what is read from a certificate."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate
from hypothesis import given
from hypothesis import strategies as st

from setupwizard.store.meter import Meter
from setupwizard.tools.certificate import Certificate, read_certificate


def drive(rates, total, step=0.1):
    """Feed a meter with bytes a second, one rate a step, and return all readings."""
    meter, done, time = Meter(0, 100.0), 0.0, 100.0
    readings = []
    for rate in rates:
        time += step
        done += rate * step
        readings.append(meter.read(int(done), total, time))
    return readings


def test_a_steady_line_gives_its_rate_and_after_a_while_the_time_left():
    readings = drive([1_000_000] * 200, 100_000_000)
    assert readings[0] == (None, None)
    assert readings[20].rate == pytest.approx(1_000_000, rel=0.01)
    assert readings[20].seconds_left is None
    assert readings[-1].seconds_left == pytest.approx(80, rel=0.02)


def test_nobody_knows_how_long_a_line_lasts_that_brings_nothing():
    readings = drive([1_000_000] * 100 + [0] * 120, 100_000_000)
    assert readings[-1] == (0.0, None)


def test_the_time_left_does_not_jump():
    readings = drive([500_000, 1_500_000] * 100, 200_000_000)
    left = [reading.seconds_left for reading in readings if reading.seconds_left is not None]
    assert max(abs(a - b) for a, b in pairwise(left)) < 0.1 * left[0]


def test_a_change_of_speed_is_followed():
    readings = drive([1_000_000] * 200 + [4_000_000] * 200, 1_000_000_000)
    assert readings[-1].rate == pytest.approx(4_000_000, rel=0.01)
    assert readings[-1].seconds_left == pytest.approx((1_000_000_000 - 100_000_000) / 4_000_000, rel=0.05)


@given(st.lists(st.integers(0, 10**9), max_size=100))
def test_never_less_than_nothing(rates):
    for rate, left in drive(rates, 10**8):
        assert rate is None or rate >= 0
        assert left is None or left >= 0


def der(certificate):
    pem = certificate.cert_chain_pems[0].bytes()
    return load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


def test_the_facts_of_a_certificate():
    authority = trustme.CA(organization_name="Prüfstelle 检查 GmbH")
    start, end = datetime(2024, 2, 29, 12, 30, 15, tzinfo=UTC), datetime(2055, 1, 1, tzinfo=UTC)
    raw = der(authority.issue_cert("example.org", not_before=start, not_after=end))
    assert read_certificate(raw) == Certificate("Prüfstelle 检查 GmbH", start, end)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data):
    found = read_certificate(data)
    assert found is None or isinstance(found, Certificate)


@given(st.integers(0, 400), st.integers(0, 255))
def test_no_change_of_a_certificate_breaks_the_reader(position, value):
    raw = bytearray(RAW)
    raw[position % len(raw)] = value
    found = read_certificate(bytes(raw[: len(raw) - position % 3]))
    assert found is None or found.issuer.isprintable()


RAW = der(trustme.CA().issue_cert("example.org"))

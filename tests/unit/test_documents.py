"""The documents of the contract: golden ones read and write back unchanged, and fit their published schema."""

import json
import tomllib
import typing
from pathlib import Path

import jsonschema
import msgspec
import pytest

from setupwizard.errors import SetupError
from setupwizard.model.bundle import Bundle
from setupwizard.model.events import Error, Event, Outcome
from setupwizard.model.machine import Machine
from setupwizard.model.plan import Plan
from setupwizard.model.planfile import PlanFile
from setupwizard.model.recommendation import Recommendation
from setupwizard.model.verification import Verification
from setupwizard.model.wire import MAX_DOCUMENT_BYTES, from_json, read_document, to_json
from setupwizard.resources import resource
from setupwizard.tools import strict

TESTS = Path(__file__).resolve().parent.parent
KINDS = {
    "plan": Plan,
    "outcome": Outcome,
    "verification": Verification,
    "error": Error,
}
GOLDEN = [
    *((kind, TESTS / "golden" / f"{name}.json") for name, kind in KINDS.items()),
    *((Machine, path) for path in sorted((TESTS / "machines").glob("*.json"))),
    *((Recommendation, path) for path in sorted((TESTS / "machines" / "golden").glob("*.json"))),
]


def ids(value):
    return f"{value.parent.name}-{value.stem}" if isinstance(value, Path) else value.__name__


@pytest.mark.parametrize(("kind", "path"), GOLDEN, ids=ids)
def test_a_golden_document_comes_back_unchanged_and_fits_its_schema(kind, path):
    given = json.loads(path.read_text("utf-8"))
    again = json.loads(to_json(read_document(kind, path)))
    assert {key: again[key] for key in given} == given if kind is not Machine else again["schema"] == 1
    schema = json.loads(resource("schema", f"{kind.__name__.lower()}.schema.json").read_text("utf-8"))
    jsonschema.validate(again, schema)
    jsonschema.validate(given, schema)


@pytest.mark.parametrize("kind", [Machine, Recommendation, Plan, Outcome, Error, Verification], ids=ids)
def test_every_key_of_the_contract_is_there(kind):
    """The keys of each document, as the contract names them."""
    contract = {
        Machine: "schema os os_version arch libc wsl jetpack gpus nvidia_driver python toolkits pythons condas torches "
        "disks memory_mib environment findings said",
        Recommendation: "schema data_date verdict build gpus after reasons actions alternatives rejected parts "
        "machines",
        Plan: "schema id root generation backend python build recommended why_other source tried packages "
        "download_bytes stored_bytes disk carried not_carried steps changes",
        Outcome: "schema status exit changed reboot root generation current fetched_bytes reused_bytes steps kept "
        "freed_bytes removed verification error",
        Error: "id code title advice detail log retryable fixes facts",
        Verification: "schema passed verdict level mode torch devices checks measurements started seconds previous",
    }
    names = {field.encode_name for field in msgspec.structs.fields(kind)}
    assert names == set(contract[kind].split())


def test_unknown_keys_are_ignored_and_missing_optional_ones_are_null():
    text = b'{"schema": 1, "os": "linux", "arch": "x86_64", "gpus": [], "colour": "blue"}'
    machine = from_json(Machine, text, name="x")
    assert machine.libc is None
    assert machine.pythons == ()


def test_a_byte_order_mark_is_passed_over():
    assert from_json(Machine, b'\xef\xbb\xbf{"os": "linux", "arch": "x86_64", "gpus": []}', name="x").os == "linux"


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(MAX_DOCUMENT_BYTES + 1)
    with pytest.raises(SetupError) as caught:
        read_document(Machine, path)
    assert caught.value.code == "document-invalid"


def schema(name):
    return json.loads(resource("schema", f"{name}.schema.json").read_text("utf-8"))


def test_the_golden_plan_file_is_read_and_fits_its_schema():
    data = (TESTS / "golden" / "plan.toml").read_bytes()
    plan = strict.from_toml(PlanFile, data, "plan.toml")
    assert [(row.variant, row.serves) for row in plan.build][-1] == ("cpu", "cpu")
    assert plan.build[0].companions == ("torchvision==0.29.2",)
    given = tomllib.loads(data.decode())
    jsonschema.validate(given, schema("planfile"))
    assert json.loads(to_json(plan))["build"][0] == given["build"][0]


def test_the_golden_list_of_a_bundle_is_read_and_fits_its_schema():
    data = (TESTS / "golden" / "bundle.json").read_bytes()
    assert json.loads(to_json(strict.from_json(Bundle, data, "bundle.json"))) == json.loads(data)
    jsonschema.validate(json.loads(data), schema("bundle"))


@pytest.mark.parametrize("name", ["planfile", "bundle"])
def test_the_schemas_of_what_strangers_may_send_refuse_unknown_keys(name):
    assert schema(name)["$defs"]
    assert all(
        row.get("additionalProperties") is False for row in schema(name)["$defs"].values() if "properties" in row
    )


def test_every_golden_line_of_events_fits_the_schema_and_each_event_has_one():
    lines = [json.loads(line) for line in (TESTS / "golden" / "events.jsonl").read_text("utf-8").splitlines()]
    for line in lines:
        jsonschema.validate(line, schema("event"))
    kinds = {msgspec.inspect.type_info(kind).tag for kind in typing.get_args(Event)} | {"outcome"}
    assert {line["event"] for line in lines} == kinds
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**lines[0], "id": "no-such-step"}, schema("event"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({key: value for key, value in lines[0].items() if key != "seq"}, schema("event"))

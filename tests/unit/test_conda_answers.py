"""What conda, mamba and micromamba print, and the error that each ending stands for."""

import json

import pytest

from helpers.conda_endings import ENDINGS, URL
from setupwizard.errors import SetupError
from setupwizard.sentences import SENTENCES
from setupwizard.tools.conda_answers import answer_of, failure_of, packages_of
from setupwizard.tools.process import ProcessResult


def ended(document=None, *, returncode=1, stdout=None, stderr=""):
    text = json.dumps(document, indent=2) if stdout is None else stdout
    return ProcessResult(argv=("/opt/forge/bin/conda",), returncode=returncode, stdout=text, stderr=stderr)


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.code)
def test_every_ending_has_its_own_code(ending, tmp_path):
    result = ended(returncode=ending.returncode, stdout=ending.stdout, stderr=ending.stderr)
    error = failure_of(result, tmp_path)
    assert error.code == ending.code
    assert "{" not in error.title + error.advice


def test_every_code_of_condas_is_one_of_these_or_ours():
    ours = {"conda-missing", "conda-plan-unclear", "conda-offline"}
    seen = {ending.code for ending in ENDINGS if ending.code.startswith("conda-")}
    assert {code for code in SENTENCES if code.startswith("conda-")} == seen | ours


def test_the_document_stands_after_progress_and_warnings():
    progress = '{"fetch":"x | 40 MB | ","finished":false,"maxval":1,"progress":0.5}\n\0'
    assert answer_of(ended(stdout=progress * 3 + '{"success": true}\n')) == {"success": True}
    assert answer_of(ended(stdout='warning: old\n{"success": true}')) == {"success": True}
    assert answer_of(ended(stdout="Traceback")) == {}


def test_a_cached_package_is_known_by_its_record(tmp_path):
    row = {
        "name": "openssl",
        "version": "3.5.0",
        "url": URL,
        "sha256": "a" * 64,
        "size": 5,
        "fn": URL.rpartition("/")[2],
    }
    record = tmp_path / "openssl-3.5.0-h0_0" / "info" / "repodata_record.json"
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps(row))
    link = {"name": "openssl", "version": "3.5.0", "dist_name": "openssl-3.5.0-h0_0"}
    (package,) = packages_of({"actions": {"LINK": [link]}}, [tmp_path])
    assert (package.sha256, package.size, package.cached) == ("a" * 64, 5, True)
    (package,) = packages_of({"actions": {"FETCH": [row], "LINK": [link]}}, [])
    assert package.cached is False
    with pytest.raises(SetupError) as caught:
        packages_of({"actions": {"LINK": [link]}}, [])
    assert caught.value.code == "conda-plan-unclear"

"""What conda, mamba and micromamba print, and the error that each ending stands for."""

import json

import pytest

from setupwizard.errors import SetupError
from setupwizard.sentences import SENTENCES
from setupwizard.tools.conda_answers import answer_of, failure_of, packages_of
from setupwizard.tools.process import ProcessResult

URL = "http://channel.example/conda-forge/linux-64/openssl-3.5.0-h0_0.conda"


def ended(document=None, *, returncode=1, stdout=None, stderr=""):
    text = json.dumps(document, indent=2) if stdout is None else stdout
    return ProcessResult(argv=("/opt/forge/bin/conda",), returncode=returncode, stdout=text, stderr=stderr)


def said(name, message, *, multi=False):
    inner = {"exception_name": name, "error": message, "message": message}
    return {"exception_name": "CondaMultiError", "message": message, "errors": [inner]} if multi else inner


ENDINGS = [
    ("conda-no-cuda", said("UnsatisfiableError", "incompatible with your system: feature:/linux-64::__cuda==0")),
    ("conda-no-cuda", said("RattlerUnsatisfiableError", "__cuda *, for which no candidates were found")),
    ("conda-unsatisfiable", said("LibMambaUnsatisfiableError", "package a-1 requires b, which conflicts")),
    ("conda-package-missing", said("PackagesNotFoundInChannelsError", "not available from current channels")),
    ("conda-checksum", said("ChecksumMismatchError", "mismatch between the expected content", multi=True)),
    ("conda-file-missing", said("CondaHTTPError", f"HTTP 404 Not Found for url <{URL}>", multi=True)),
    ("server-error", said("CondaHTTPError", f"HTTP 503 SERVICE UNAVAILABLE for url <{URL}>")),
    ("proxy-login", said("CondaHTTPError", f"HTTP 407 Proxy Authentication Required for url <{URL}>")),
    ("conda-network", said("CondaHTTPError", f"HTTP 000 CONNECTION FAILED for url <{URL}>")),
    ("conda-link-dropped", said("ChunkedEncodingError", "IncompleteRead(3014656 bytes read", multi=True)),
    ("conda-disk-full", said("OSError", "[Errno 28] No space left on device", multi=True)),
    ("conda-not-writable", said("CondaError", "Unable to create prefix directory '/x'. sufficient permissions")),
    ("conda-environment-missing", said("EnvironmentLocationNotFound", "Not a conda environment: /x")),
    ("conda-folder-taken", said("DirectoryNotACondaEnvironmentError", "The target directory exists")),
    ("conda-interrupted", said("CondaSignalInterrupt", "Signal interrupt SIGINT", multi=True)),
    ("conda-terms", said("CondaToSNonInteractiveError", "Terms of Service have not been accepted")),
    ("conda-path", said("CondaValueError", "Environment paths cannot contain ' '")),
    ("tool-failed", said("KeyError", "something new")),
]


@pytest.mark.parametrize(("code", "document"), ENDINGS)
def test_every_ending_has_its_own_code(code, document, tmp_path):
    error = failure_of(ended(document), tmp_path)
    assert error.code == code
    assert "{" not in error.title + error.advice


def test_every_code_of_condas_is_one_of_these_or_ours():
    ours = {"conda-missing", "conda-usage", "conda-plan-unclear", "conda-offline"}
    seen = {code for code, _document in ENDINGS if code.startswith("conda-")}
    assert {code for code in SENTENCES if code.startswith("conda-")} == seen | ours


def test_a_usage_error_is_plain_text(tmp_path):
    error = failure_of(ended(returncode=2, stdout="", stderr="conda: error: unrecognized arguments: --json"), tmp_path)
    assert error.code == "conda-usage"


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

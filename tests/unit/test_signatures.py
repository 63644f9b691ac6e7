"""Signatures of offline folders, by the real ssh-keygen: who signed, over which bytes, for which purpose."""

import shutil
import subprocess

import pytest

from setupwizard.errors import SetupError
from setupwizard.tools import signatures

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed here")


@pytest.fixture
def signed(tmp_path):
    """Return a signed file, its signature, and the file of allowed signers."""
    key, file = tmp_path / "key", tmp_path / "bundle.json"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    file.write_bytes(b'{"bundle": 1}\n')
    signers = tmp_path / "signers"
    signers.write_text(f"admin@lab {key.with_name('key.pub').read_text()}")
    return file, signatures.sign(file, key), signers


def code_of(file, signature, signers):
    with pytest.raises(SetupError) as caught:
        signatures.verify(file, signature, signers)
    return caught.value.code


def test_an_allowed_signer_is_named(signed):
    assert signatures.verify(*signed) == "admin@lab"


def test_one_changed_byte_is_nobodys_signature(signed):
    file, *rest = signed
    file.write_bytes(b'{"bundle": 2}\n')
    assert code_of(file, *rest) == "bundle-damaged"


def test_a_signer_who_is_not_allowed_counts_as_none(signed, tmp_path):
    file, signature, _signers = signed
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"], check=True)
    other = tmp_path / "others"
    other.write_text(f"somebody {(tmp_path / 'other.pub').read_text()}")
    assert code_of(file, signature, other) == "bundle-damaged"


def test_a_signature_for_another_purpose_does_not_count(signed, tmp_path):
    file, signature, signers = signed
    signature.unlink()
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", tmp_path / "key", "-n", "git", file], check=True)
    assert code_of(file, signature, signers) == "bundle-damaged"


def test_a_missing_file_of_signers_is_said(signed, tmp_path):
    file, signature, _signers = signed
    assert code_of(file, signature, tmp_path / "none") == "document-unreadable"


def test_a_key_that_cannot_sign_is_an_error_with_what_the_program_said(signed, tmp_path):
    file, *_rest = signed
    with pytest.raises(SetupError) as caught:
        signatures.sign(file, tmp_path / "no-key")
    assert caught.value.code == "tool-failed"
    assert "no-key" in caught.value.detail


def test_without_ssh_keygen_nobody_is_believed(signed, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert code_of(*signed) == "tool-failed"

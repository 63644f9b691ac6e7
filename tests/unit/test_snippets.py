"""The programs to try PyTorch with: made for the device, in both languages."""

import ast

import pytest

from setupwizard.i18n import set_language
from setupwizard.model.snippets import device_word, snippets


@pytest.fixture(autouse=True)
def english():
    yield
    set_language("en")


@pytest.mark.parametrize("device", ["cpu", "cuda", "xpu", "mps"])
def test_each_program_is_python_for_the_device(device):
    made = snippets(device)
    assert len(made) == 5
    for snippet in made:
        ast.parse(snippet.code)
        assert "DEVICE" not in snippet.code
        assert not [line for line in snippet.code.splitlines() if len(line) > 88], "it fits a small window"
    assert sum(f'"{device}"' in snippet.code for snippet in made) == 5


@pytest.mark.parametrize(
    ("variant", "platform", "word"),
    [
        ("cu130", "win_amd64", "cuda"),
        ("rocm6.4", "linux_x86_64", "cuda"),
        ("xpu", "linux_x86_64", "xpu"),
        ("cpu", "linux_x86_64", "cpu"),
        ("cpu", "macos_arm64", "mps"),
        ("cpu", "macos_x86_64", "cpu"),
        (None, None, "cpu"),
    ],
)
def test_the_device_follows_the_build(variant, platform, word):
    assert device_word(variant, platform) == word


def test_titles_are_told_in_the_language_of_the_person():
    set_language("en")
    english = snippets("cpu")
    set_language("zh_CN")
    chinese = snippets("cpu")
    assert [snippet.code for snippet in english] == [snippet.code for snippet in chinese]
    assert all(one.title != other.title for one, other in zip(english, chinese, strict=True))

"""Before the program goes, an uninstaller learns which environments stay."""

from helpers.generations import build
from helpers.program import environment, run
from setupwizard.store import known_roots
from setupwizard.store.journal import Journal
from setupwizard.store.layout import Root
from setupwizard.workflow import leaving


def test_each_environment_of_the_person_is_named(tmp_path, home):
    env = environment(home, PYTHONIOENCODING="cp1252")  # what a Western Windows takes for a pipe
    places = [tmp_path / "深度 学习", tmp_path / "other"]
    for place in places:
        root = Root(place)
        root.prepare()
        build(root, "0001")
        known_roots.remember(root)
    (tmp_path / "not-begun").mkdir()
    Journal(Root(tmp_path / "not-begun").journal).opened(made=False)
    known_roots.remember(Root(tmp_path / "not-begun"))
    said = tmp_path / "said.txt"
    ended = run("_environments", said, env=env)
    assert ended.code == 0, ended.err
    printed = run("_environments", "-", env=env)
    assert printed.code == 0, printed.err
    assert printed.out.splitlines() == [str(place) for place in places]
    assert said.read_text(leaving.ENCODING).splitlines() == [str(place) for place in places]

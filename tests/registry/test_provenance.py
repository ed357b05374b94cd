"""A real repository, clean and not, and none at all."""

from pathlib import Path

import git
import pytest

from kaidan.registry.provenance import UNKNOWN, Provenance, provenance


@pytest.fixture
def repository(tmp_path: Path) -> git.Repo:
    with git.Repo.init(tmp_path / "checkout") as repository:
        source = Path(repository.working_dir) / "src" / "code.py"
        source.parent.mkdir()
        source.write_text("x = 1\n")
        repository.index.add(["src/code.py"])
        person = git.Actor("a", "a@example.org")
        repository.index.commit("first", author=person, committer=person)
        yield repository


def code(repository: git.Repo) -> Path:
    return Path(repository.working_dir) / "src" / "code.py"


def test_a_clean_checkout_is_its_commit(repository: git.Repo) -> None:
    commit = repository.head.commit.hexsha
    assert provenance(code(repository)) == Provenance(commit, dirty=False)


def test_a_changed_file_is_dirty(repository: git.Repo) -> None:
    code(repository).write_text("x = 2\n")
    assert provenance(code(repository)).dirty


def test_an_untracked_file_is_dirty(repository: git.Repo) -> None:
    code(repository).with_name("new.py").write_text("")
    found = provenance(code(repository))
    assert found == Provenance(repository.head.commit.hexsha, dirty=True)


def test_code_that_the_repository_does_not_track_is_of_unknown_origin(
    repository: git.Repo,
) -> None:
    other = code(repository).with_name("installed.py")
    other.write_text("")
    assert provenance(other) == Provenance(UNKNOWN, dirty=True)


def test_a_repository_without_a_commit_is_of_unknown_origin(tmp_path: Path) -> None:
    with git.Repo.init(tmp_path) as repository:
        (tmp_path / "code.py").write_text("")
        repository.index.add(["code.py"])
    assert provenance(tmp_path / "code.py") == Provenance(UNKNOWN, dirty=True)


def test_code_outside_of_any_repository_is_of_unknown_origin(tmp_path: Path) -> None:
    assert provenance(tmp_path / "code.py") == Provenance(UNKNOWN, dirty=True)


def test_code_in_a_folder_that_is_gone_is_of_unknown_origin(tmp_path: Path) -> None:
    assert provenance(tmp_path / "gone" / "code.py") == Provenance(UNKNOWN, dirty=True)

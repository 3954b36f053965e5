"""Where notebooks are found, and how they are copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from research.errors import NotebookError, ParameterError, UnknownNameError
from research.reporting import catalogue as module


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package folder that stands where `research` stands."""
    folder = tmp_path / "site" / "research"
    folder.mkdir(parents=True)
    monkeypatch.setattr(module, "_PACKAGE", folder)
    return folder


def put(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def test_a_clone_has_them_beside_the_package(package: Path) -> None:
    put(package.parent / "notebooks", "decomposition", "studies/one", ".ipynb_checkpoints/old")
    (package.parent / "pyproject.toml").touch()
    assert list(module.notebooks()) == ["decomposition", "studies/one"]
    assert module.notebook("studies/one").read_text() == "studies/one"


def test_a_wheel_carries_them(package: Path) -> None:
    put(package / "_notebooks", "decomposition")
    put(package.parent / "notebooks", "stranger")
    assert list(module.notebooks()) == ["decomposition"]


def test_a_strangers_folder_beside_a_wheel_is_not_ours(package: Path) -> None:
    put(package.parent / "notebooks", "stranger")
    with pytest.raises(NotebookError, match="carries no notebooks"):
        module.notebooks()


def test_an_unknown_notebook_gets_the_nearest(package: Path) -> None:
    put(package / "_notebooks", "decomposition", "premium_discount")
    with pytest.raises(UnknownNameError, match="unknown notebook 'decompositon': did you mean 'decomposition'"):
        module.notebook("decompositon")


def test_copies_are_whole_and_never_overwrite_changes(package: Path, tmp_path: Path) -> None:
    put(package / "_notebooks", "decomposition", "studies/one")
    target = tmp_path / "mine"
    written = module.copy_notebooks(target)
    assert written == (target / "decomposition.ipynb", target / "studies" / "one.ipynb")
    module.copy_notebooks(target)  # unchanged files are no obstacle
    (target / "decomposition.ipynb").write_text("edited")
    (target / "studies" / "one.ipynb").unlink()
    with pytest.raises(ParameterError, match=r"decomposition\.ipynb has changes of its own"):
        module.copy_notebooks(target)
    assert not (target / "studies" / "one.ipynb").exists()
    module.copy_notebooks(target, force=True)
    assert (target / "decomposition.ipynb").read_text() == "decomposition"
    assert not [path for path in target.rglob("*") if path.name.startswith(".")]


def test_a_folder_that_cannot_be_written(package: Path, tmp_path: Path) -> None:
    put(package / "_notebooks", "decomposition")
    (tmp_path / "file").touch()
    with pytest.raises(ParameterError, match="cannot write notebooks"):
        module.copy_notebooks(tmp_path / "file" / "inside")

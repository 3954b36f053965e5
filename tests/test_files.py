"""Files are whole or absent."""

from __future__ import annotations

from pathlib import Path

import pytest

from research.files import workspace, write_atomically


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    write_atomically(path, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_workspace_leaves_nothing_behind(tmp_path: Path) -> None:
    def interrupted() -> None:
        with workspace(tmp_path / "a" / "b") as place:
            (place / "x").write_text("x")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_a_workspace_keeps_folders_that_hold_something(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    with workspace(folder) as place:
        assert place.parent == folder
        (folder / "kept").touch()
    assert list(folder.iterdir()) == [folder / "kept"]
    with workspace(folder):
        pass
    assert folder.exists()

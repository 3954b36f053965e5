"""Where the notebooks are: beside the package in a clone, inside it in an installed wheel."""

from __future__ import annotations

from pathlib import Path

from research.errors import NotebookError, ParameterError, UnknownNameError
from research.files import write_atomically

__all__ = ["copy_notebooks", "notebook", "notebooks", "notebooks_folder"]

_PACKAGE = Path(__file__).resolve().parents[1]


def notebooks_folder() -> Path:
    """Return the folder that holds the notebooks.

    Raises
    ------
    NotebookError
        If the installation carries none.
    """
    built_in, clone = _PACKAGE / "_notebooks", _PACKAGE.parent / "notebooks"
    # A wheel has no pyproject.toml above the package: any "notebooks" folder beside it would belong to somebody else.
    if built_in.is_dir():
        return built_in
    if clone.is_dir() and (_PACKAGE.parent / "pyproject.toml").is_file():
        return clone
    raise NotebookError("this installation carries no notebooks: install the package again")


def notebooks() -> dict[str, Path]:
    """Return every notebook's path by name; a name in a sub-folder is ``folder/name``."""
    folder = notebooks_folder()
    found = [path for path in sorted(folder.rglob("*.ipynb")) if ".ipynb_checkpoints" not in path.parts]
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in found}


def notebook(name: str) -> Path:
    """Return the path of the notebook called `name`.

    Raises
    ------
    UnknownNameError
        If there is none of that name; the message offers the nearest.
    """
    available = notebooks()
    if name not in available:
        raise UnknownNameError("notebook", name, available)
    return available[name]


def copy_notebooks(folder: Path, *, force: bool = False) -> tuple[Path, ...]:
    """Copy every notebook into `folder` and return the paths written.

    Parameters
    ----------
    folder : pathlib.Path
        Made where it does not exist.
    force : bool
        Overwrite a file that differs from the one to be copied.

    Raises
    ------
    ParameterError
        If a file there was changed and `force` is False, or the folder cannot be written; nothing is copied then.
    """
    wanted = {folder / f"{name}.ipynb": path.read_bytes() for name, path in notebooks().items()}
    if not force:
        changed = [path for path, content in wanted.items() if path.exists() and path.read_bytes() != content]
        if changed:
            raise ParameterError(f"{changed[0]} has changes of its own: copy elsewhere, or overwrite with --force")
    try:
        for path, content in wanted.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content)
    except OSError as error:
        raise ParameterError(f"cannot write notebooks to {folder}: {error.strerror}") from error
    return tuple(wanted)

"""Names of folders and files: whatever a fund is called, its files stay inside the batch and on every file system."""

from __future__ import annotations

import hashlib
import re
from typing import Final

__all__ = ["is_folder_name", "safe_name"]

_SAFE: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?")
_OTHER: Final = re.compile(r"[^A-Za-z0-9._-]+")
_DEVICE: Final = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_LONGEST: Final = 64
_DIGITS: Final = 8
_TAKEN: Final = frozenset({"manifest", "index", "results", "events"})
"""What a batch calls its own files, without the ending."""


def is_folder_name(name: str) -> bool:
    """Whether a name can be a folder's on every file system.

    Examples
    --------
    >>> is_folder_name("nightly-1"), is_folder_name("../x"), is_folder_name("NUL"), is_folder_name("a.")
    (True, False, False, False)
    """
    return _SAFE.fullmatch(name) is not None and _DEVICE.fullmatch(name) is None


def safe_name(name: str, *, always: bool = False, distinct: str = "") -> str:
    """Return `name` where it can name a file, else what of it can, and a hash that keeps two such names apart.

    Parameters
    ----------
    name : str
        Any text.
    always : bool
        Append the hash in any case.
    distinct : str
        What else the hash is of.

    Examples
    --------
    >>> safe_name("ETHV")
    'ETHV'
    >>> safe_name("../x"), safe_name("<script>")
    ('x-198ed126', 'script-bdc50105')
    """
    fits = is_folder_name(name) and name.partition(".")[0].casefold() not in _TAKEN
    if fits and not always:
        return name
    digest = hashlib.sha256(f"{name}\0{distinct}".encode("utf-8", "backslashreplace")).hexdigest()[:_DIGITS]
    kept = _OTHER.sub("-", name).strip("-._")[: _LONGEST - _DIGITS - 1].rstrip("-._")
    # A device's name stays one whatever follows its first dot.
    return f"{kept.replace('.', '_') if _DEVICE.fullmatch(kept) else kept or 'x'}-{digest}"

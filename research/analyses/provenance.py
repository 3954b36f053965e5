"""What numbers were computed with and from: versions and hashes; no wall clock, so equal runs leave equal bytes."""

from __future__ import annotations

from research.alignment.history import History
from research.versions import versions

__all__ = ["provenance"]


def provenance(history: History, seed: int | None) -> dict[str, object]:
    """Return versions, data hashes and seed in the layout of ``research.result/1``.

    Parameters
    ----------
    history : History
        Whose sources are named.
    seed : int or None
        What seeded the random numbers; None where none were drawn.
    """
    # Several columns of one table share its file, and so its hash.
    data = {source.name.split(",")[0]: source.sha256 for source in history.sources}
    return {"versions": versions(), "data": data, "seed": seed}

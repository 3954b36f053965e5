"""Messages between a kernel server and those who ask it for kernels: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

__all__ = ["Lines", "encode"]

_LONGEST: Final = 8 * 2**20
"""An environment is a few kilobytes; whoever sends more does not speak this language."""


def encode(message: Mapping[str, object]) -> bytes:
    r"""Return a message as it is sent.

    Examples
    --------
    >>> encode({"pid": 7})
    b'{"pid": 7}\n'
    """
    return json.dumps(message).encode("ascii") + b"\n"


class Lines:
    r"""Collects bytes and hands out whole messages.

    Examples
    --------
    >>> lines = Lines()
    >>> list(lines.take(b'{"pid": 7}\n{"sta'))
    [{'pid': 7}]
    >>> list(lines.take(b'tus": 0}\n'))
    [{'status': 0}]
    """

    def __init__(self) -> None:
        self._rest = b""

    def take(self, received: bytes) -> Iterator[dict[str, Any]]:
        """Return the messages that are complete with `received`.

        Raises
        ------
        ValueError
            If a line is no JSON object, or does not end.
        """
        *lines, self._rest = (self._rest + received).split(b"\n")
        if len(self._rest) > _LONGEST:
            raise ValueError("a message does not end")
        for line in lines:
            message = json.loads(line)
            if not isinstance(message, dict):
                raise ValueError(f"a message is no object: {message!r}")  # noqa: TRY004 - a fault of content
            yield message

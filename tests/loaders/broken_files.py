"""Ways in which files break: torn, shuffled, re-encoded, edited."""

from __future__ import annotations

from hypothesis import strategies as st

__all__ = ["SNIPPETS", "broken"]

SNIPPETS = (
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xe2\x80\x8f",
    b"\r\n",
    b"\r",
    b"\n",
    b",",
    b";",
    b"\t",
    b'"',
    b"'",
    b"--",
    b"null",
    b"nan",
    b"inf",
    b"-1",
    b"0",
    b"1e308",
    b"1e999",
    b"9" * 40,
    b"1,5",
    b"1.234,5",
    b"=1+1",
    b"&",
    b"<a>",
    b"</ss:Row>",
    b"<!DOCTYPE x>",
    b"HOLIDAY",
    b"2024-02-30",
    b"9999-99-99",
    b"0001-01-01",
    b"29 Feb 2023",
    b"(",
    b")",
    b"%",
    b"0x",
    b"{",
    b"}",
    b"[",
    b"]",
    "é".encode("latin-1"),
    "ß１".encode(),
)


def broken(data: st.DataObject, content: bytes) -> bytes:
    """Return a file after one to four accidents."""
    for _ in range(data.draw(st.integers(1, 4))):
        kind = data.draw(st.sampled_from(["cut", "insert", "replace", "flip", "drop", "twice", "swap", "turn"]))
        content = _accident(data, kind, content)
    return content


def _accident(data: st.DataObject, kind: str, content: bytes) -> bytes:
    place = data.draw(st.integers(0, max(len(content) - 1, 0)))
    snippet = data.draw(st.sampled_from(SNIPPETS))
    if kind == "cut":
        return content[:place]
    if kind == "insert":
        return content[:place] + snippet + content[place:]
    if kind == "replace":
        return content[:place] + snippet + content[place + len(snippet) :]
    if kind == "flip" and content:
        return content[:place] + bytes([content[place] ^ (1 << data.draw(st.integers(0, 7)))]) + content[place + 1 :]
    lines = content.split(b"\n")
    first, second = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    if kind == "drop":
        del lines[first]
    elif kind == "twice":
        lines.insert(second, lines[first])
    elif kind == "swap":
        lines[first], lines[second] = lines[second], lines[first]
    elif kind == "turn":
        lines = lines[:1] + lines[1:][::-1]
    return b"\n".join(lines)

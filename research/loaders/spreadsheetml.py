"""SpreadsheetML 2003: a workbook as XML text, which iShares serves under the ending .xls, often not well formed."""

from __future__ import annotations

import io
import re
from typing import Final
from xml.etree.ElementTree import ParseError

from research.errors import DataFileError
from research.loaders.published import Remark
from research.loaders.workbook import Cell, Sheet

__all__ = ["read_spreadsheetml"]

DEEPEST: Final = 64
_WIDEST: Final = 512
LARGEST: Final = 128 * 1024 * 1024

_RAW_AMPERSAND: Final = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});)")
_STYLE: Final = "<ss:Style"
_NAMESPACE: Final = "urn:schemas-microsoft-com:office:spreadsheet"


def read_spreadsheetml(text: str, name: str) -> tuple[tuple[Sheet, ...], tuple[Remark, ...]]:
    """Return the sheets of a SpreadsheetML text, every cell as text, and what had to be repaired.

    Parameters
    ----------
    text : str
        Content of the file.
    name : str
        What messages call the file.

    Raises
    ------
    DataFileError
        If the text is no SpreadsheetML, is torn, holds document types or entities, or is nested beyond reason.

    Notes
    -----
    Two faults of the publisher are repaired and remarked: a bare ``&`` in an address, and a ``</Style>`` that closes
    ``<ss:Style>``. Document types and entities are refused before anything is parsed.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise DataFileError(f"{name}: holds a document type or entities, which no fund workbook needs: refused")
    if len(text) > LARGEST:
        raise DataFileError(f"{name}: {len(text) / 1e6:,.0f} MB of XML: no fund workbook is that large, refused")
    remarks: list[Remark] = []
    text, bare = _RAW_AMPERSAND.subn("&amp;", text)
    if bare:
        remarks.append(Remark("repaired_markup", f"{bare} bare & read as text", count=bare))
    if _STYLE in text and "</Style>" in text:
        wrong = text.count("</Style>")
        text = text.replace("</Style>", "</ss:Style>")
        remarks.append(Remark("repaired_markup", f"{wrong} </Style> read as </ss:Style>", count=wrong))
    # The declaration may name an encoding that the text, decoded already, no longer has.
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text, count=1)
    return _sheets(text, name), tuple(remarks)


def _sheets(text: str, name: str) -> tuple[Sheet, ...]:
    import defusedxml.ElementTree as SafeTree  # noqa: PLC0415 - only where there is XML
    from defusedxml import DefusedXmlException  # noqa: PLC0415

    reader = _Reader(name)
    try:
        for event, element in SafeTree.iterparse(
            io.BytesIO(text.encode()), events=("start", "end"), forbid_dtd=True, forbid_entities=True
        ):
            if event == "start":
                reader.start(_local(element.tag), element.attrib)
            else:
                tag = _local(element.tag)
                # Formatted text stands in elements of its own.
                reader.end(tag, "".join(element.itertext()) if tag == "Data" else "")
                if tag == "Row":
                    element.clear()
    except DefusedXmlException:
        raise DataFileError(f"{name}: holds a document type or entities: refused") from None
    except ParseError as error:
        line = error.position[0]
        raise DataFileError(f"{name}: line {line} is not well-formed XML ({error.msg}): fetch the file again") from None
    if not reader.sheets:
        raise DataFileError(f"{name}: XML, but no SpreadsheetML workbook with a sheet: fetch the table again")
    return tuple(reader.sheets)


class _Reader:
    """Rows of cells from a stream of tags."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.sheets: list[Sheet] = []
        self._depth = 0
        self._sheet = ""
        self._rows: list[list[Cell]] = []
        self._row: list[Cell] = []
        self._at = 0
        self._text = ""
        self._merged = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise DataFileError(f"{self.name}: XML nested deeper than {DEEPEST}: no workbook is, refused")
        if self._depth == 1 and tag != "Workbook":
            raise DataFileError(
                f"{self.name}: XML with root {tag[:40]!r}, not a SpreadsheetML Workbook: fetch it again"
            )
        if tag == "Worksheet":
            self._sheet, self._rows = _attribute(attributes, "Name"), []
        elif tag == "Row":
            self._row, self._at = [], 0
        elif tag == "Cell":
            # An index skips empty cells before this one.
            index = _attribute(attributes, "Index")
            self._at = _column(index, self.name) if index else self._at + 1
            self._text = ""
            self._merged = _count(_attribute(attributes, "MergeAcross"), self.name)
            if _attribute(attributes, "Formula"):
                self._text = "\0formula"

    def end(self, tag: str, text: str) -> None:
        self._depth -= 1
        if tag == "Data":
            self._text = text.strip()
        elif tag == "Cell":
            if self._text == "\0formula":
                row = len(self._rows) + 1
                raise DataFileError(
                    f"{self.name}: sheet {self._sheet!r}, row {row}: a formula without a stored value: fetch it again"
                )
            if self._at < 1:
                raise DataFileError(f"{self.name}: a cell outside of a row: fetch the file again")
            self._row += [""] * (self._at - len(self._row))
            self._row[self._at - 1] = self._text
            # A cell that stretches over others pushes the next one on.
            self._at += self._merged
        elif tag == "Row":
            self._rows.append(self._row)
        elif tag == "Worksheet":
            self.sheets.append(Sheet(self._sheet, tuple(self._rows)))


def _column(index: str, name: str) -> int:
    if not (index.isascii() and index.isdigit() and len(index) < 6 and 1 <= int(index) <= _WIDEST):
        raise DataFileError(f"{name}: a cell has the index {index[:20]!r}: that is no column of a sheet of a fund")
    return int(index)


def _count(merged: str, name: str) -> int:
    return _column(merged, name) if merged and merged != "0" else 0


def _local(tag: str) -> str:
    return tag.rsplit("}", 1)[-1]


def _attribute(attributes: dict[str, str], wanted: str) -> str:
    return attributes.get(f"{{{_NAMESPACE}}}{wanted}", attributes.get(wanted, ""))

"""Unit of a series: which currency it is in, read from what an entry says in words, and never guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

__all__ = ["Unit"]

_CODES: Final = frozenset(
    re.findall(
        "[A-Z]{3}",
        "AED ARS AUD BRL CAD CHF CLP CNH CNY COP CZK DKK EUR GBP HKD HUF IDR ILS INR JPY KRW KZT MXN MYR NOK NZD PEN "
        "PHP PLN QAR RON RUB SAR SEK SGD THB TRY TWD UAH USD VND ZAR",
    )
)
"""Currencies in which products are quoted, ISO 4217."""

_HUNDREDTHS: Final = {"GBp": "GBP", "GBX": "GBP", "GBx": "GBP", "ZAc": "ZAR", "ZAC": "ZAR", "ILA": "ILS", "USX": "USD"}
"""What exchanges call the hundredth part of a currency; capitals count, since GBp is a penny and GBP a pound."""

_PENNIES: Final = {
    "pence": "GBP",
    "penny": "GBP",
    "pence sterling": "GBP",
    "pennies": "GBP",
    "us cent": "USD",
    "us cents": "USD",
    "u.s. cents": "USD",
    "usd cents": "USD",
    "eur cents": "EUR",
    "euro cents": "EUR",
    "agorot": "ILS",
}
_WORDS: Final = {
    "us dollar": "USD",
    "us dollars": "USD",
    "u.s. dollar": "USD",
    "u.s. dollars": "USD",
    "us$": "USD",
    "euro": "EUR",
    "euros": "EUR",
    "€": "EUR",
    "pound sterling": "GBP",
    "pounds sterling": "GBP",
    "sterling": "GBP",
    "pound": "GBP",
    "pounds": "GBP",
    "£": "GBP",
    "swiss franc": "CHF",
    "swiss francs": "CHF",
    "yen": "JPY",
    "japanese yen": "JPY",
    "canadian dollars": "CAD",
    "c$": "CAD",
    "australian dollars": "AUD",
    "a$": "AUD",
    "hong kong dollars": "HKD",
    "hk$": "HKD",
    "singapore dollars": "SGD",
    "s$": "SGD",
    "swedish kronor": "SEK",
    "norwegian kroner": "NOK",
    "reais": "BRL",
    "brazilian reais": "BRL",
}

_PER: Final = re.compile(r"\s+per\s+|\s*/\s*")
_CODE: Final = re.compile(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])")


@dataclass(frozen=True)
class Unit:
    """A unit as far as it is known.

    Parameters
    ----------
    text : str
        As the entry says it.
    currency : str
        ISO code; empty where the unit names none that is known, as ``index points`` and plain ``dollars``, which are
        of several countries.
    minor : bool
        Whether it counts hundredths of the currency, as pence.
    per : str
        What one of which it prices, empty where that is not said.

    Examples
    --------
    >>> Unit.parse("USD per bitcoin")
    Unit(text='USD per bitcoin', currency='USD', minor=False, per='bitcoin')
    >>> Unit.parse("GBp").minor, Unit.parse("GBP").minor, Unit.parse("index points").currency
    (True, False, '')
    """

    text: str
    currency: str = ""
    minor: bool = False
    per: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the unit that a text names.

        Parameters
        ----------
        text : str
            Such as ``"USD"``, ``"USD per ether"``, ``"EUR/share"``, ``"pence"``, ``"index points (EUR)"``.

        Examples
        --------
        >>> Unit.parse("USD per EUR").per, Unit.parse("dollars").currency, Unit.parse("USDT per ether").currency
        ('EUR', '', '')
        """
        numerator, *rest = _PER.split(text.strip(), maxsplit=1)
        currency, minor = _read(numerator.strip())
        return cls(text, currency, minor, rest[0].strip() if rest else "")

    @property
    def name(self) -> str:
        """The currency as a message calls it: ``hundredths of GBP``, or the text where none is known."""
        return f"hundredths of {self.currency}" if self.minor else self.currency or repr(self.text)


def _read(text: str) -> tuple[str, bool]:
    """Return the currency of a text and whether it is its hundredth part; an empty one where that is open."""
    words = set(re.findall(r"[A-Za-z]+", text))
    hundredths = {_HUNDREDTHS[word] for word in words if word in _HUNDREDTHS}
    folded = " ".join(text.casefold().split())
    if folded in _PENNIES:
        return _PENNIES[folded], True
    if folded in _WORDS:
        return _WORDS[folded], False
    if folded.upper() in _CODES and text not in _HUNDREDTHS:
        return folded.upper(), False
    codes = {code for code in _CODE.findall(text) if code in _CODES}
    # Two currencies in one text leave open which it is.
    found = hundredths | codes
    return (next(iter(found)), bool(hundredths)) if len(found) == 1 else ("", False)

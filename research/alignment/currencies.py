"""Currencies: series in two of them are refused before anything is computed, or brought together by a stated rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from research.alignment.findings import Finding
from research.errors import UnitError
from research.funds.unit import Unit

__all__ = ["check_units", "rate_turned"]

_OF_THE_SHARE: Final = ("close", "distributions")
"""Compared with net asset value itself, so that even a hundredth matters."""

_OF_THE_BENCHMARK: Final = ("benchmark_at_fund_clock", "benchmark_stated")


def check_units(fund: str, units: Mapping[str, str]) -> tuple[Finding, ...]:
    """Compare the units of a fund's series as far as they are known.

    Parameters
    ----------
    fund : str
        Ticker, for messages.
    units : mapping of str to str
        Unit by role or input; ``fx`` is the rate between two currencies, as in ``"USD per EUR"``.

    Returns
    -------
    tuple of Finding
        A note where a unit that should be compared names no currency.

    Raises
    ------
    UnitError
        If close or distributions are in another unit than net asset value; if the benchmark is in another currency
        and no rate between the two is given; or if the rate is one of other currencies.

    Notes
    -----
    Only what is known is compared. A benchmark's hundredths do not matter, since only its returns are used.

    Examples
    --------
    >>> check_units("FUND", {"nav": "EUR", "benchmark": "USD per bitcoin", "fx": "USD per EUR"})
    ()
    >>> check_units("FUND", {"nav": "GBP", "close": "pence", "benchmark": "GBP"})
    Traceback (most recent call last):
    ...
    research.errors.UnitError: FUND: net asset value is in GBP and close in hundredths of GBP ...
    """
    read = {role: Unit.parse(text) for role, text in units.items()}
    nav = read["nav"]
    for role in _OF_THE_SHARE:
        if role in read:
            _check_share(fund, role, nav, read[role])
    benchmark = read["benchmark"]
    for role in _OF_THE_BENCHMARK:
        other = read.get(role)
        if other is not None and _differ(benchmark, other):
            raise UnitError(
                f"{fund}: the benchmark is in {benchmark.currency} and inputs.{role} in {other.currency}: take both in "
                "one currency"
            )
    if "fx" in read:
        _check_rate(fund, nav, benchmark, read["fx"])
    elif _differ(nav, benchmark):
        raise UnitError(
            f"{fund}: net asset value is in {nav.currency} ({nav.text!r}) and the benchmark in {benchmark.currency} "
            f"({benchmark.text!r}): the rate between them would read as tracking; add [fund.{fund}.inputs.fx] with "
            f'unit = "{benchmark.currency} per {nav.currency}" at the clock of the fund, or take a benchmark in '
            f"{nav.currency}"
        )
    unread = [role for role in ("nav", "close", "benchmark") if role in read and not read[role].currency]
    # Where no unit names a currency there is nothing to compare, and nothing to say.
    if not unread or len(unread) == len([role for role in ("nav", "close", "benchmark") if role in read]):
        return ()
    told = " and ".join(f"{role} ({read[role].text!r})" for role in unread)
    message = f"the unit of {told} names no currency that is known, so that nothing is compared: write one, as in USD"
    return (Finding("unit_not_read", unread[0], None, float(len(unread)), message, "note"),)


def _differ(one: Unit, other: Unit) -> bool:
    return bool(one.currency and other.currency) and one.currency != other.currency


def _check_share(fund: str, role: str, nav: Unit, other: Unit) -> None:
    """Raise where a price or payment of one share is in another unit than its net asset value."""
    if not (nav.currency and other.currency) or (nav.currency, nav.minor) == (other.currency, other.minor):
        return
    where = f"[fund.{fund}.{'series' if role == 'close' else 'inputs'}.{role}]"
    if nav.currency == other.currency:
        scale = 0.01 if other.minor else 100
        advice = f'add scale = {scale} and unit = "{nav.text}" to {where}'
    else:
        advice = f"take both in one currency, or leave {where} out"
    raise UnitError(f"{fund}: net asset value is in {nav.name} and {role} in {other.name} ({other.text!r}): {advice}")


def _check_rate(fund: str, nav: Unit, benchmark: Unit, rate: Unit) -> None:
    """Raise where a rate is not between the fund's currency and the benchmark's."""
    if not _pair(rate):
        raise UnitError(
            f"{fund}: the unit of inputs.fx is {rate.text!r}: write which currency is counted and for one of which, as "
            'in unit = "USD per EUR"'
        )
    wanted = {nav.currency, benchmark.currency}
    if "" in wanted:
        unknown = "nav" if not nav.currency else "benchmark"
        raise UnitError(
            f"{fund}: inputs.fx is a rate, and the unit of {unknown} names no currency that is known: write one, as in "
            'unit = "EUR"'
        )
    if set(_pair(rate)) != wanted:
        raise UnitError(
            f"{fund}: inputs.fx is {rate.text!r}, and net asset value is in {nav.currency}, the benchmark in "
            f"{benchmark.currency}: "
            + (
                "both are the same, leave inputs.fx out"
                if len(wanted) == 1
                else f'give the rate between them, unit = "{benchmark.currency} per {nav.currency}"'
            )
        )


def _pair(rate: Unit) -> tuple[str, str] | tuple[()]:
    """Return the two currencies of a rate, the one that is counted first; nothing where it names no two."""
    other = Unit.parse(rate.per) if rate.per else Unit("")
    if not rate.currency or not other.currency or rate.currency == other.currency or rate.minor or other.minor:
        return ()
    return rate.currency, other.currency


def rate_turned(units: Mapping[str, str]) -> bool:
    """Tell whether a rate is the wrong way round: not units of the fund's currency for one of the benchmark's.

    Parameters
    ----------
    units : mapping of str to str
        Of which ``nav`` and ``fx`` are read, after `check_units`.

    Examples
    --------
    >>> rate_turned({"nav": "EUR", "fx": "USD per EUR"}), rate_turned({"nav": "EUR", "fx": "EUR per USD"})
    (True, False)
    """
    return Unit.parse(units["fx"]).currency != Unit.parse(units["nav"]).currency

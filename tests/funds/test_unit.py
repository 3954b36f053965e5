"""Units as entries write them: what is known of their currency, and what stays open."""

from __future__ import annotations

import pytest

from research.funds import Unit


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("USD", "USD", False),
        ("usd", "USD", False),
        ("US dollars", "USD", False),
        ("USD per bitcoin", "USD", False),
        ("USD/ether", "USD", False),
        ("EUR per share", "EUR", False),
        ("€", "EUR", False),
        ("GBP", "GBP", False),
        ("pounds", "GBP", False),
        ("GBp", "GBP", True),
        ("GBX", "GBP", True),
        ("pence per share", "GBP", True),
        ("pence sterling", "GBP", True),
        ("US cents", "USD", True),
        ("ZAc", "ZAR", True),
        ("ZAR", "ZAR", False),
        ("index points (EUR)", "EUR", False),
        ("EUR index points", "EUR", False),
        ("USD per GBP", "USD", False),
    ],
)
def test_a_currency_that_is_named_is_read(text, currency, minor):
    found = Unit.parse(text)
    assert (found.currency, found.minor) == (currency, minor)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "index points",
        "points",
        "shares",
        "fraction a year",
        "bank discount, fraction a year",
        "quote currency",
        "dollars",  # of some twenty countries
        "cents",
        "USDT per ether",  # a token, whose rate against the dollar moves
        "bitcoin per USD",  # counts bitcoin
        "EUR or USD",
        "NAV",
    ],
)
def test_what_names_none_or_leaves_it_open_is_not_guessed(text):
    assert Unit.parse(text).currency == ""

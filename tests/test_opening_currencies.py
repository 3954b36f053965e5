"""A fund in one currency and its benchmark in another: refused, or the rate between them is a driver."""

from __future__ import annotations

import numpy as np
import own_fund
import pytest

import research as rs
from research.alignment.currencies import check_units
from research.check import check_fund
from research.errors import ClockError, UnitError

EURO = {"nav": "EUR", "close": "EUR", "benchmark": "USD per ether", "fx": "USD per EUR"}


def european(seed: int = 3, hedged: float = 0.0):
    """Return a fund in euros that holds what is priced in dollars, and the dollars that a euro costs."""
    frame = own_fund.table(seed=seed, fee=0.01)
    rate = 1.1 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0.0, 0.005, len(frame))))
    frame[["nav", "close"]] = frame[["nav", "close"]].div(rate ** (1.0 - hedged), axis=0)
    return frame.assign(fx=rate)


class TestRefused:
    @pytest.mark.parametrize(
        ("units", "match"),
        [
            (
                {"nav": "EUR", "close": "EUR"},
                r'net asset value is in EUR .* add \[fund.OWN.inputs.fx\] .*"USD per EUR"',
            ),
            ({"close": "EUR"}, r"net asset value is in USD and close in EUR .* one currency"),
            (
                {"nav": "GBP", "close": "GBp", "benchmark": "GBP"},
                r"hundredths of GBP .* scale = 0.01 and unit = \"GBP\"",
            ),
            ({"nav": "pence", "close": "GBP", "benchmark": "GBP"}, r"scale = 100 and unit = \"pence\""),
            ({"distributions": "EUR"}, r"distributions in EUR"),
        ],
    )
    def test_two_units_of_one_thing(self, tmp_path, units, match):
        frame = own_fund.table().assign(distributions=0.0)
        inputs = ["distributions"] if "distributions" in units else []
        folder = own_fund.write(tmp_path, frame, units=units, inputs=inputs)
        with pytest.raises(UnitError, match=match):
            rs.load("OWN", data=folder)
        assert [item.rule for item in check_fund("OWN", folder).items] == ["unit"]

    @pytest.mark.parametrize(
        ("unit", "match"),
        [
            ("EUR", "write which currency is counted"),
            ("USD per GBP", 'give the rate between them, unit = "USD per EUR"'),
            ("USD per USD", "write which currency is counted"),
        ],
    )
    def test_a_rate_of_other_currencies(self, tmp_path, unit, match):
        folder = own_fund.write(tmp_path, european(), inputs=["fx"], units=EURO | {"fx": unit})
        with pytest.raises(UnitError, match=match):
            rs.load("OWN", data=folder)

    def test_a_rate_where_none_is_needed_or_nothing_is_known(self):
        with pytest.raises(UnitError, match="both are the same"):
            check_units("OWN", {"nav": "EUR", "benchmark": "EUR", "fx": "USD per EUR"})
        with pytest.raises(UnitError, match="the unit of benchmark names no currency"):
            check_units("OWN", {"nav": "EUR", "benchmark": "points", "fx": "USD per EUR"})
        with pytest.raises(UnitError, match=r"inputs.benchmark_stated in EUR"):
            check_units("OWN", {"nav": "USD", "benchmark": "USD", "benchmark_stated": "EUR"})

    def test_a_rate_of_another_clock(self, tmp_path):
        options = {"inputs": ["fx"], "units": EURO, "clocks": {"fx": "16:00 Europe/London"}}
        with pytest.raises(ClockError, match=r"inputs.fx is observed at 16:00 Europe/London"):
            rs.load("OWN", data=own_fund.write(tmp_path, european(), **options))
        folder = own_fund.write(tmp_path, european(), allow_clocks="true", **options)
        assert "fx" in rs.load("OWN", data=folder).inputs

    def test_a_format_that_knows_its_currency(self, tmp_path):
        frame = own_fund.table()
        text = frame[["nav", "close", "benchmark"]].rename_axis("Date")
        text.columns = ["NAV", "Close", "Index Level"]
        folder = own_fund.write(tmp_path, frame, units=dict.fromkeys(("nav", "close", "benchmark"), "EUR"))
        text.to_csv(folder / "own.csv")
        toml = (folder / "funds.toml").read_text().replace('file = "own.csv"', 'file = "own.csv"\nformat = "vaneck"')
        (folder / "funds.toml").write_text(toml)
        with pytest.raises(UnitError, match="entry says 'EUR' and format vaneck gives column 'nav' in 'USD"):
            rs.load("OWN", data=folder)


class TestKnown:
    @pytest.mark.parametrize("unit", ["USD per EUR", "EUR per USD"])
    def test_the_rate_is_a_driver_whichever_way_it_is_quoted(self, tmp_path, unit):
        frame = european()
        rate = frame["fx"]
        if unit == "EUR per USD":
            frame["fx"] = 1.0 / rate
        folder = own_fund.write(tmp_path, frame, inputs=["fx"], units=EURO | {"fx": unit}, fee=0.01)
        history = rs.load("OWN", data=folder)
        assert history.inputs["fx"].to_numpy() == pytest.approx(1.0 / rate.to_numpy())
        for basis in history.bases:
            result = rs.decompose(history, basis)
            found = next(part for part in result.drivers if part.name == "currency")
            assert found.stated * history.years == pytest.approx(-np.log(rate.iloc[-1] / rate.iloc[0]), rel=1e-9)
            assert found.identified == "estimated"
            assert found.coefficient == pytest.approx(1.0, abs=4 * found.std_error)
            assert found.std_error < 0.02
            assert result.reconciliation_gap < 1e-12
        assert result.plot.divergence().alt
        assert "currency" not in {part.name for part in rs.decompose(rs.load("ETHV")).drivers}

    def test_a_fund_that_hedges_the_rate_has_a_coefficient_of_nothing(self, tmp_path):
        folder = own_fund.write(tmp_path, european(hedged=1.0), inputs=["fx"], units=EURO, fee=0.01)
        found = next(p for p in rs.decompose(rs.load("OWN", data=folder)).drivers if p.name == "currency")
        assert found.coefficient == pytest.approx(0.0, abs=4 * found.std_error)

    def test_pence_with_their_scale_are_pounds(self, tmp_path):
        frame = own_fund.table()
        frame["close"] *= 100.0
        folder = own_fund.write(tmp_path, frame, units=dict.fromkeys(("nav", "close", "benchmark"), "GBP"))
        text = (folder / "funds.toml").read_text()
        text = text.replace('column = "close"', 'column = "close"\nscale = 0.01')
        (folder / "funds.toml").write_text(text)
        history = rs.load("OWN", data=folder)
        assert abs(history.premium.median()) < 0.001

    def test_what_is_not_known_is_said_and_not_guessed(self):
        (found,) = check_units("OWN", {"nav": "EUR", "close": "EUR", "benchmark": "index points"})
        assert (found.rule, found.severity) == ("unit_not_read", "note")
        assert "benchmark ('index points') names no currency" in found.message
        assert check_units("OWN", {"nav": "points", "benchmark": "index points"}) == ()


class TestNotDeclared:
    """Units that are declared alike, and numbers that are not."""

    def test_pence_under_the_name_of_pounds(self, tmp_path):
        frame = own_fund.table()
        frame["close"] *= 100.0
        history = rs.load("OWN", data=own_fund.write(tmp_path, frame))
        assert ("premium_hundredfold", "error") in {(item.rule, item.severity) for item in history.findings}
        assert rs.data_quality(history).verdict == "not usable"

    def test_net_asset_value_and_close_that_are_swapped(self, tmp_path):
        frame = own_fund.table(noise=2e-5).rename(columns={"nav": "close", "close": "nav"})
        found = {item.rule: item.severity for item in rs.load("OWN", data=own_fund.write(tmp_path, frame)).findings}
        assert found["swapped_columns"] == "warning"

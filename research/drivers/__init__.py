"""Drivers of divergence: each file measures one, from a history to one cumulated log return series.

A driver is absent where it does not apply or its inputs are not given; `measure` returns those that do. What a driver
needs beside prices stands in ``History.inputs`` under the keys that `research.drivers.inputs` and
`research.drivers.roll` name.
"""

from research.drivers.accrued_fee import LIABILITIES, Liability, accrued_fee, owed_from, unpaid_share
from research.drivers.clock import clock
from research.drivers.coins import coins_level, coins_per_share, fee_from_coins, project_coins
from research.drivers.collateral import collateral
from research.drivers.currency import currency
from research.drivers.curve_shift import curve_shift
from research.drivers.distributions import booked, distributions, reinvested, total_return
from research.drivers.driver import Driver, exposures
from research.drivers.expense import expense_ratio
from research.drivers.issuance import expected_staking_yield, is_ether, protocol_issuance
from research.drivers.leverage import compounding_drag, financing, financing_level, leverage
from research.drivers.mismatch import benchmark_mismatch
from research.drivers.pass_through import implied_fee_share, net_staking_yield, realised_scenarios, staking_scenarios
from research.drivers.premium import premium_discount
from research.drivers.registry import measure
from research.drivers.roll import roll_cost, roll_total, roll_yield
from research.drivers.staking import staking_fee, staking_levels, staking_reward, staking_tax

__all__ = [
    "LIABILITIES",
    "Driver",
    "Liability",
    "accrued_fee",
    "benchmark_mismatch",
    "booked",
    "clock",
    "coins_level",
    "coins_per_share",
    "collateral",
    "compounding_drag",
    "currency",
    "curve_shift",
    "distributions",
    "expected_staking_yield",
    "expense_ratio",
    "exposures",
    "fee_from_coins",
    "financing",
    "financing_level",
    "implied_fee_share",
    "is_ether",
    "leverage",
    "measure",
    "net_staking_yield",
    "owed_from",
    "premium_discount",
    "project_coins",
    "protocol_issuance",
    "realised_scenarios",
    "reinvested",
    "roll_cost",
    "roll_total",
    "roll_yield",
    "staking_fee",
    "staking_levels",
    "staking_reward",
    "staking_scenarios",
    "staking_tax",
    "total_return",
    "unpaid_share",
]

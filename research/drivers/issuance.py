"""What Ethereum's protocol issues to validators: a source of expected staking yield that needs no market data."""

from __future__ import annotations

import math
from typing import Final

from research.errors import ParameterError

__all__ = [
    "BASE_REWARD_FACTOR",
    "EPOCHS_PER_YEAR",
    "ISSUANCE_CONSTANT",
    "expected_staking_yield",
    "is_ether",
    "protocol_issuance",
]

BASE_REWARD_FACTOR: Final = 64
"""Consensus specification, phase 0."""

EPOCHS_PER_YEAR: Final = 82_181.25
"""365.25 days of 225 epochs: 32 slots of 12 seconds each."""

ISSUANCE_CONSTANT: Final = BASE_REWARD_FACTOR * EPOCHS_PER_YEAR / math.sqrt(1e9)
"""Ether a year for each square root of staked ether: 166.32. The root of 10⁹ is because balances are in gwei."""

_SUPPLY = 1e10

_NAMES: Final = frozenset({"ether", "eth", "ethereum"})


def is_ether(asset: str) -> bool:
    """Tell whether an asset is the one that Ethereum's protocol issues; the issuance of another says nothing of it.

    Examples
    --------
    >>> is_ether("ether"), is_ether("simulated ether"), is_ether("solana"), is_ether("ether classic")
    (True, True, False, False)
    """
    return asset.strip().casefold().removeprefix("simulated ") in _NAMES


def protocol_issuance(staked: float, *, participation: float = 1.0) -> float:
    """Return the ether that the protocol issues to validators in a year.

    Parameters
    ----------
    staked : float
        Ether staked in the whole network (not a share, not the fund's).
    participation : float
        Fraction of the highest reward that validators earn; 1 where every duty is done in time.

    Returns
    -------
    float
        Ether a year, before priority fees and other payments for ordering transactions.

    Raises
    ------
    ParameterError
        If `staked` is not positive or `participation` is not in 0 to 1.

    Notes
    -----
    ``64·82,181.25/√10⁹·√S = 166.32·√S`` from the constants of the consensus specification (``studies`` 4.4).

    Examples
    --------
    >>> round(protocol_issuance(41_669_700))
    1073650
    """
    ether = float(staked)
    if not 0.0 < ether < _SUPPLY:
        raise ParameterError(f"staked is {staked!r}: give the ether staked in the network, as in 41.7e6")
    share = float(participation)
    if not 0.0 <= share <= 1.0:
        raise ParameterError(f"participation is {participation!r}: write a fraction between 0 and 1, as in 0.984")
    return ISSUANCE_CONSTANT * math.sqrt(ether) * share


def expected_staking_yield(staked: float, *, participation: float = 1.0, priority_fees: float = 0.0) -> float:
    """Return the yield on staked ether that the protocol leads one to expect.

    Parameters
    ----------
    staked, participation
        As in `protocol_issuance`.
    priority_fees : float
        Ether a year that users pay to validators on top.

    Returns
    -------
    float
        Fraction a year, simple; it falls with the root of what is staked.

    Raises
    ------
    ParameterError
        As in `protocol_issuance`, and if `priority_fees` is negative.

    Notes
    -----
    ``(166.32·√S·participation + fees)/S``: issuance grows with √S only, so each new validator dilutes all.

    Examples
    --------
    >>> round(expected_staking_yield(41_669_700), 4)
    0.0258
    """
    fees = float(priority_fees)
    if not 0.0 <= fees < _SUPPLY:
        raise ParameterError(f"priority_fees is {priority_fees!r}: give ether a year, zero or more")
    return (protocol_issuance(staked, participation=participation) + fees) / float(staked)

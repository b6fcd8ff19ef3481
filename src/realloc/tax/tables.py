"""United States federal rates as data, by year and filing status (sources: rules RATE-1 to RATE-3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Literal, get_args

FilingStatus = Literal["single", "married_joint", "head_of_household", "married_separate"]
FILING_STATUSES: tuple[str, ...] = get_args(FilingStatus)

ORDINARY_RATES = tuple(Fraction(percent, 100) for percent in (10, 12, 22, 24, 32, 35, 37))
GAIN_RATES = tuple(Fraction(percent, 100) for percent in (0, 15, 20))
NIIT_RATE = Fraction(38, 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One filing status in one year, in whole dollars.

    Parameters
    ----------
    ordinary : tuple of int
        Upper ends of taxable income for each of `ORDINARY_RATES` but the last.
    gains : tuple of int
        Upper ends of taxable income for each of `GAIN_RATES` but the last.
    standard_deduction : int
        Without the additions for age and blindness.
    """

    ordinary: tuple[int, ...]
    gains: tuple[int, ...]
    standard_deduction: int


NIIT_THRESHOLDS: Mapping[str, int] = MappingProxyType(
    {"single": 200_000, "married_joint": 250_000, "head_of_household": 200_000, "married_separate": 125_000}
)
"""Modified adjusted gross income above which the net investment income tax applies; not indexed."""

LOSS_LIMITS: Mapping[str, int] = MappingProxyType(
    {"single": 3_000, "married_joint": 3_000, "head_of_household": 3_000, "married_separate": 1_500}
)
"""Net capital loss that a year may deduct from other income (26 USC 1211(b))."""

SCHEDULES: Mapping[int, Mapping[str, Schedule]] = MappingProxyType(
    {
        2025: MappingProxyType(
            {
                "single": Schedule(
                    ordinary=(11_925, 48_475, 103_350, 197_300, 250_525, 626_350),
                    gains=(48_350, 533_400),
                    standard_deduction=15_750,
                ),
                "married_joint": Schedule(
                    ordinary=(23_850, 96_950, 206_700, 394_600, 501_050, 751_600),
                    gains=(96_700, 600_050),
                    standard_deduction=31_500,
                ),
                "head_of_household": Schedule(
                    ordinary=(17_000, 64_850, 103_350, 197_300, 250_500, 626_350),
                    gains=(64_750, 566_700),
                    standard_deduction=23_625,
                ),
                "married_separate": Schedule(
                    ordinary=(11_925, 48_475, 103_350, 197_300, 250_525, 375_800),
                    gains=(48_350, 300_000),
                    standard_deduction=15_750,
                ),
            }
        ),
        2026: MappingProxyType(
            {
                "single": Schedule(
                    ordinary=(12_400, 50_400, 105_700, 201_775, 256_225, 640_600),
                    gains=(49_450, 545_500),
                    standard_deduction=16_100,
                ),
                "married_joint": Schedule(
                    ordinary=(24_800, 100_800, 211_400, 403_550, 512_450, 768_700),
                    gains=(98_900, 613_700),
                    standard_deduction=32_200,
                ),
                "head_of_household": Schedule(
                    ordinary=(17_700, 67_450, 105_700, 201_750, 256_200, 640_600),
                    gains=(66_200, 579_600),
                    standard_deduction=24_150,
                ),
                "married_separate": Schedule(
                    ordinary=(12_400, 50_400, 105_700, 201_775, 256_225, 384_350),
                    gains=(49_450, 306_850),
                    standard_deduction=16_100,
                ),
            }
        ),
    }
)

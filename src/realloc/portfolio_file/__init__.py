"""The file that a person keeps: from broker files to a household, and back after the orders."""

from realloc.portfolio_file.loading import check_portfolio, load_portfolio
from realloc.portfolio_file.portfolio import Checks, Origin, Portfolio

__all__ = ["Checks", "Origin", "Portfolio", "check_portfolio", "load_portfolio"]

"""The open rebalancing engine for one portfolio held in several accounts.

A name of the package loads the module that it stands in when it is used: ``import realloc`` alone loads none.
"""

from typing import TYPE_CHECKING

from realloc._lazy import lazily

if TYPE_CHECKING:
    from realloc.accounts import Account, Lot
    from realloc.allocator import PortfolioAllocator
    from realloc.audit import AuditReport, audit_plan, audit_trades
    from realloc.checking import check
    from realloc.engine import rebalance
    from realloc.errors import (
        AuditError,
        ExportError,
        ExportFolderError,
        InputError,
        Issue,
        MissingFileError,
        MissingPriceError,
        PluginLoadError,
        PluginNotFoundError,
        ReallocError,
        SolverError,
    )
    from realloc.fewer import fewer_orders
    from realloc.household import Household, RecentTrade, YearSoFar
    from realloc.models import AssetClass, Band, PortfolioModel
    from realloc.modes import Harvest, Partial
    from realloc.plan import Certificate, FewerOrders, Plan
    from realloc.plugins.core.results import RebalanceResult, Refusal
    from realloc.policy import Costs, Drift, Filing, Policy, Tax, WashSales
    from realloc.portfolio import PortfolioStateManager
    from realloc.selectors import (
        TaxAwareSelector,
        select_account_for_buy_trade,
        select_account_for_sell_trade,
    )
    from realloc.tax.rates import tax_policy
    from realloc.trades import (
        LotSale,
        ScaledPortfolio,
        Trade,
        TradeInfo,
        buy_position,
        calculate_buy_amounts,
        calculate_sell_amounts,
        compute_portfolio_trades,
        is_trade_remaining,
        sell_position,
        split_trades,
    )

__all__ = [
    "Account",
    "AssetClass",
    "AuditError",
    "AuditReport",
    "Band",
    "Certificate",
    "Costs",
    "Drift",
    "ExportError",
    "ExportFolderError",
    "FewerOrders",
    "Filing",
    "Harvest",
    "Household",
    "InputError",
    "Issue",
    "Lot",
    "LotSale",
    "MissingFileError",
    "MissingPriceError",
    "Partial",
    "Plan",
    "PluginLoadError",
    "PluginNotFoundError",
    "Policy",
    "PortfolioAllocator",
    "PortfolioModel",
    "PortfolioStateManager",
    "ReallocError",
    "RebalanceResult",
    "RecentTrade",
    "Refusal",
    "ScaledPortfolio",
    "SolverError",
    "Tax",
    "TaxAwareSelector",
    "Trade",
    "TradeInfo",
    "WashSales",
    "YearSoFar",
    "audit_plan",
    "audit_trades",
    "buy_position",
    "calculate_buy_amounts",
    "calculate_sell_amounts",
    "check",
    "compute_portfolio_trades",
    "fewer_orders",
    "is_trade_remaining",
    "rebalance",
    "select_account_for_buy_trade",
    "select_account_for_sell_trade",
    "sell_position",
    "split_trades",
    "tax_policy",
]

_HOMES = {
    "accounts": (
        "Account",
        "Lot",
    ),
    "allocator": ("PortfolioAllocator",),
    "audit": (
        "AuditReport",
        "audit_plan",
        "audit_trades",
    ),
    "checking": ("check",),
    "engine": ("rebalance",),
    "errors": (
        "AuditError",
        "ExportError",
        "ExportFolderError",
        "InputError",
        "Issue",
        "MissingFileError",
        "MissingPriceError",
        "PluginLoadError",
        "PluginNotFoundError",
        "ReallocError",
        "SolverError",
    ),
    "fewer": ("fewer_orders",),
    "household": (
        "Household",
        "RecentTrade",
        "YearSoFar",
    ),
    "models": (
        "AssetClass",
        "Band",
        "PortfolioModel",
    ),
    "modes": (
        "Harvest",
        "Partial",
    ),
    "plan": (
        "Certificate",
        "FewerOrders",
        "Plan",
    ),
    "plugins.core.results": (
        "RebalanceResult",
        "Refusal",
    ),
    "policy": (
        "Costs",
        "Drift",
        "Filing",
        "Policy",
        "Tax",
        "WashSales",
    ),
    "portfolio": ("PortfolioStateManager",),
    "selectors": (
        "TaxAwareSelector",
        "select_account_for_buy_trade",
        "select_account_for_sell_trade",
    ),
    "tax.rates": ("tax_policy",),
    "trades": (
        "LotSale",
        "ScaledPortfolio",
        "Trade",
        "TradeInfo",
        "buy_position",
        "calculate_buy_amounts",
        "calculate_sell_amounts",
        "compute_portfolio_trades",
        "is_trade_remaining",
        "sell_position",
        "split_trades",
    ),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__getattr__ = lazily("realloc", _HOME)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

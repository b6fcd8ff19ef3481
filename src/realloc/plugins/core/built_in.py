"""The plugins that come with the program, by name: found without a look at what else is installed."""

from __future__ import annotations

_BROKERS = "realloc.plugins.importers.brokers."
_EXPORTERS = "realloc.plugins.exporters."

BUILT_IN: dict[str, str] = {
    "default": "realloc.plugins.rebalancers.default_rebalancer:DefaultRebalancer",
    "optimal": "realloc.plugins.rebalancers.optimal_rebalancer:OptimalRebalancer",
    "csv": _EXPORTERS + "csv_exporter:CSVExporter",
    "alpaca_json": _EXPORTERS + "order_requests:AlpacaExporter",
    "blocks": _EXPORTERS + "orders_csv:BlocksExporter",
    "checklist": _EXPORTERS + "checklist:ChecklistExporter",
    "etrade_json": _EXPORTERS + "order_requests:EtradeExporter",
    "excel": _EXPORTERS + "excel:ExcelExporter",
    "fix44": _EXPORTERS + "fix44:FIX44Exporter",
    "ibkr_basket": _EXPORTERS + "ibkr_basket:IBKRBasketExporter",
    "json": _EXPORTERS + "plan_json:JSONExporter",
    "lots_csv": _EXPORTERS + "orders_csv:LotsCSVExporter",
    "orders_csv": _EXPORTERS + "orders_csv:OrdersCSVExporter",
    "schwab_json": _EXPORTERS + "order_requests:SchwabExporter",
    "template": _EXPORTERS + "template:TemplateExporter",
    "max_position": "realloc.plugins.validators.max_position:MaxPositionValidator",
    "minimum_value": "realloc.plugins.validators.minimum_value:MinimumValueValidator",
    "csv_account": "realloc.plugins.importers.account.account_csv:CSVAccountImporter",
    "price_csv": "realloc.plugins.importers.prices.prices_csv:PricesCSVImporter",
    "allocation_csv": "realloc.plugins.importers.allocation.allocation_csv:AllocationCSVImporter",
    "beancount": _BROKERS + "beancount_ledger:BeancountLedger",
    "etrade_positions": _BROKERS + "etrade_positions:EtradePositions",
    "fidelity_closed_lots": _BROKERS + "fidelity_closed_lots:FidelityClosedLots",
    "fidelity_positions": _BROKERS + "fidelity_positions:FidelityPositions",
    "generic_table": _BROKERS + "generic_table:GenericTable",
    "ibkr_activity": _BROKERS + "ibkr_activity:IbkrActivity",
    "ibkr_flex": _BROKERS + "ibkr_flex:IbkrFlex",
    "m1_holdings": _BROKERS + "m1_holdings:M1Holdings",
    "m1_lots": _BROKERS + "m1_lots:M1Lots",
    "merrill_cob": _BROKERS + "merrill_cob:MerrillCob",
    "merrill_page": _BROKERS + "merrill_page:MerrillPage",
    "ofx": _BROKERS + "ofx:OfxStatement",
    "questrade_positions": _BROKERS + "questrade:QuestradePositions",
    "robinhood_activity": _BROKERS + "robinhood:RobinhoodActivity",
    "schwab_lots": _BROKERS + "schwab_lots:SchwabLots",
    "schwab_positions": _BROKERS + "schwab_positions:SchwabPositions",
    "tdameritrade_transactions": _BROKERS + "tdameritrade:TdAmeritradeTransactions",
    "trowe_positions": _BROKERS + "trowe_positions:TRowePositions",
    "vanguard_529": _BROKERS + "vanguard_529:Vanguard529",
    "vanguard_download": _BROKERS + "vanguard_download:VanguardDownload",
    "yahoo": "realloc.plugins.market.yahoo:YahooPrices",
    "wealthsimple": _BROKERS + "wealthsimple:Wealthsimple",
}
"""Each as its entry point has it: ``module:class``. They are entry points too, which the listing shows."""

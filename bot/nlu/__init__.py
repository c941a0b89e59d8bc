"""NLU components, and the plain functions behind them."""

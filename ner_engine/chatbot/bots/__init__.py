"""The bots that come with the package: rule files, and what stands behind them as they ship."""

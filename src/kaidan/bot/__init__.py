"""The trading bot: the ladder's answers, turned into positions on past bars or live ones."""

"""The five strategy signals: pure functions of bars and features."""

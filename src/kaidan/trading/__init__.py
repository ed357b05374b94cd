"""The trading engine: what a stream of answers would have earned, and will, after costs."""

"""Bars and macro series: where they come from, and the door at which they are checked."""

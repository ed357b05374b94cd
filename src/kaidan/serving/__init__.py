"""Answers: the ladder of levels, its cache on disk, and the dummy at its foot."""

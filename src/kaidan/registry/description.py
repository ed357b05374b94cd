"""How much a person can be told on a version: sqlite takes all of it, PostgreSQL does not."""

LONGEST = 5000  # characters of the description's column in MLflow's schema
_CUT = "\n\nThe rest did not fit here: see `decision/card.md` among the artifacts of the run."


def fitting(text: str) -> str:
    """The text, cut at the end of a line where it is too long for MLflow's column."""
    if len(text) <= LONGEST:
        return text
    kept = text[: LONGEST - len(_CUT)]
    return (kept.rpartition("\n")[0] or kept).rstrip() + _CUT

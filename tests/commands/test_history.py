"""`kaidan history`, as a user types it."""

from tests.legacy import empty_store, empty_store_file
from tests.release import kaidan

__all__ = ["empty_store", "empty_store_file"]


def test_it_shows_what_happened_to_a_level(store) -> None:
    done = kaidan("history", "--level", "2")
    assert done.code == 0
    assert "promotion" in done.out
    assert "every blocking gate passed" in " ".join(done.out.split())


def test_as_json_it_is_one_object(store) -> None:
    (entry,) = kaidan("history", "--level", "2", "--json").json["entries"]
    assert (entry["level"], entry["before"], entry["after"]) == (2, None, 1)
    assert len(kaidan("history", "--json", "--last", "1").json["entries"]) == 1


def test_it_tells_what_was_live_at_a_time(store) -> None:
    done = kaidan("history", "--level", "2", "--at", "2999-01-01T00:00Z")
    lines = done.out.splitlines()
    assert lines[0] == "level 2: version 1 was live at 2999-01-01 00:00 UTC"
    assert any(line.startswith("  gates         default: ") for line in lines)
    before = kaidan("history", "--at", "2001-01-01")
    assert before.out == "".join(
        f"level {level}: nothing was live at 2001-01-01 00:00 UTC\n" for level in (1, 2, 3)
    )
    answer = kaidan("history", "--level", "1", "--at", "2999-01-01", "--json").json
    assert answer["levels"][0]["live"]["after"] == 1


def test_a_time_that_is_none_is_wrong_use(store) -> None:
    done = kaidan("history", "--level", "2", "--at", "yesterday")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "--at got 'yesterday', wanted a time such as" in done.err


def test_before_anything_was_promoted_it_says_how_to_begin(empty_store) -> None:
    done = kaidan("history", "--level", "1")
    assert (done.code, done.out) == (0, "nothing has been promoted yet; kaidan train --level all\n")

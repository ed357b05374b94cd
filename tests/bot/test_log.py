"""One line a record: for machines JSON, for a terminal what a person reads."""

import io
import json
import logging

from kaidan.bot.log import logging_to

LOG = logging.getLogger("kaidan.bot.run")


def test_what_is_no_terminal_gets_one_json_object_a_line():
    stream = io.StringIO()
    with logging_to(stream):
        LOG.warning("level %s steps down\nto 2", 1, extra={"level": 2, "why": {"a"}})
    LOG.warning("not heard any more")
    (line,) = stream.getvalue().splitlines()
    said = json.loads(line)
    assert said["text"] == "level 1 steps down\nto 2"
    assert (said["severity"], said["logger"], said["level"]) == ("warning", "kaidan.bot.run", 2)
    assert said["why"] == "{'a'}"
    assert said["at"].endswith("+00:00")


def test_a_failure_keeps_its_traceback():
    stream = io.StringIO()
    with logging_to(stream):
        try:
            int("seventeen")
        except ValueError:
            LOG.exception("broken")
    assert "ValueError: invalid literal" in json.loads(stream.getvalue())["traceback"]


def test_a_terminal_gets_severity_only_where_it_matters():
    stream = io.StringIO()
    with logging_to(stream, as_json=False):
        LOG.info("BUY from level 1")
        LOG.warning("no bar yet")
    first, second = stream.getvalue().splitlines()
    assert first.endswith(" BUY from level 1")
    assert "info" not in first
    assert second.endswith(" warning: no bar yet")

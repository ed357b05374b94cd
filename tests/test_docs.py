"""What the pages say can be done: commands and options exist, and every alert is explained."""

import ast
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from kaidan.bot import herald
from kaidan.cli import _COMMANDS, _app
from kaidan.market.known_macro import MACRO_COLUMNS

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "README.ja.md", *sorted((ROOT / "docs").glob("*.md"))]
# Calls that name a matter which people are told of, and the place of the name.
TELLING = {"tell": 1, "_wrong": 0, "Matter": 0, "_troubles.set": 0, "_refusals.set": 0}


def commands_in(text: str) -> set[str]:
    """Each `kaidan COMMAND ...` of a page, from blocks and from single words of code."""
    blocks = re.findall(r"```(?:sh|text)\n(.*?)```", text, flags=re.DOTALL)
    lines = [line for block in blocks for line in re.split(r"\n|&&", block)]
    lines += re.findall(r"`([^`\n]+)`", text)
    found = (
        re.search(r"(?:^|\s)kaidan ((?!COMMAND)[a-z].*)", line.partition(" #")[0]) for line in lines
    )
    return {one[1].strip() for one in found if one}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_options_on_a_page_exist(page: Path) -> None:
    group = typer.main.get_command(_app([""]))
    for line in commands_in(page.read_text(encoding="utf-8")):
        command: Any = group
        words = shlex.split(line)
        while hasattr(command, "commands") and words:
            assert words[0] in command.commands, line
            command = command.commands[words.pop(0)]
        known = {name for option in command.params for name in option.opts}
        asked = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert asked <= known | {"--help", "--debug"}, line


def test_every_command_is_in_the_readme() -> None:
    readme = commands_in((ROOT / "README.md").read_text(encoding="utf-8"))
    assert set(_COMMANDS) <= {line.split()[0] for line in readme}


def test_every_alert_is_explained_and_none_that_is_not_sent() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = text.partition("## Alerts")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \|", table, flags=re.MULTILINE)
    explained = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert {_kind(name) for name in explained} == alerts_sent()


def alerts_sent() -> set[str]:
    """Kinds of matters that the code tells people of: the first word or words, without numbers."""
    found = {*herald._GRAVE_VETOES, *herald._OF_BARS, "registry"}
    found |= {f"macro {name}" for name in MACRO_COLUMNS[:1]}
    for folder in ("bot", "monitoring"):
        for path in (ROOT / "src" / "kaidan" / folder).rglob("*.py"):
            for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                place = TELLING.get(_name(call.func)) if isinstance(call, ast.Call) else None
                if place is not None and (text := _text(call.args[place])):
                    found.add(text)
    found |= {"level N", "model age N", "retrain.failed"}  # told by a name of theirs
    return {_kind(one) for one in found}


def _name(function: ast.expr) -> str:
    """`tell` of `self._people.tell`, `_troubles.set` of `self._troubles.set`."""
    words = ast.unparse(function).split(".")
    return ".".join(words[-2:] if words[-1] == "set" else words[-1:])


def _text(value: ast.expr) -> str:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value
    if isinstance(value, ast.JoinedStr) and isinstance(value.values[0], ast.Constant):
        return f"{value.values[0].value}N"
    return ""


def _kind(name: str) -> str:
    """`drift N`, `macro NAME` and `trade TIME` by their first words."""
    return re.sub(r"(?<=[ .])(N|NAME|TIME|WEEK|usd_jpy)$", "*", name)


def test_the_japanese_readme_has_the_same_headings_and_commands() -> None:
    english, japanese = (
        (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.ja.md")
    )
    assert _outline(japanese) == _outline(english)
    assert _blocks(japanese) == _blocks(english)
    assert _table_commands(japanese) == _table_commands(english)
    assert _linked(english) - _linked(japanese) <= {"README.ja.md"}


def _outline(page: str) -> list[str]:
    """Levels of the headings, in order."""
    bare = re.sub(r"```.*?```", "", page, flags=re.DOTALL)
    return re.findall(r"^#+(?= )", bare, flags=re.MULTILINE)


def _blocks(page: str) -> list[str]:
    """Blocks of code without the comments of shell commands."""
    blocks = re.findall(r"```\w+\n.*?```", page, flags=re.DOTALL)
    return [re.sub(r"^# .*\n", "", block, flags=re.MULTILINE) for block in blocks]


def _table_commands(page: str) -> list[str]:
    return re.findall(r"^\| (`kaidan [^|]+) \|", page, flags=re.MULTILINE)


def _linked(page: str) -> set[str]:
    return set(re.findall(r"\]\(([^)#:]+)", page))

"""What a receiver is sent: a title and a few lines that Discord and its like accept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from kaidan.bot.alerts.severity import Severity

# Discord takes 2,000 characters, title included; letters are cut so that one always fits.
MAX_BODY = 1800
MAX_TEXT = 1500
_MAX_NAME = 60


@dataclass(frozen=True)
class Letter:
    """Something to tell, once, to every receiver.

    Attributes
    ----------
    number : int
    at : float, in epoch seconds
        When it came about; it may be delivered much later.
    severity : Severity
    text : str
    """

    number: int
    at: float
    severity: Severity
    text: str

    @property
    def line(self) -> str:
        """The text and when it came about."""
        return f"{clock(self.at)} {self.text}"


@dataclass(frozen=True)
class Message:
    """Letters of one severity, in the form in which they are sent."""

    title: str
    body: str
    severity: Severity


def fitting(letters: Sequence[Letter]) -> list[Letter]:
    """The first letters that are as urgent as the first one and fit into one message."""
    chosen: list[Letter] = []
    room = MAX_BODY
    for letter in letters:
        room -= len(shown(letter.line)) + 1
        if chosen and (room < 0 or letter.severity is not letters[0].severity):
            break
        chosen.append(letter)
    return chosen


def compose(letters: Sequence[Letter], *, bot: str, given_up: int = 0) -> Message:
    """Put what `fitting` chose into words.

    Parameters
    ----------
    letters : sequence of Letter
        At least one.
    bot : str
        Which bot it is.
    given_up : int
        Older letters that this receiver never got.
    """
    severity = letters[0].severity
    number = f" ({len(letters)})" if len(letters) > 1 else ""
    lines = [shown(letter.line) for letter in letters]
    if given_up:
        lines.append(f"({given_up} older warnings and infos were given up, undelivered)")
    return Message(
        f"kaidan {shown(bot)[:_MAX_NAME]}: {severity.name.upper()}{number}",
        "\n".join(lines),
        severity,
    )


def shown(text: str) -> str:
    """Text that is safe to send: nobody else's words may call everyone of a channel."""
    return text.replace("@", "@\u200b")[:MAX_BODY]


def clean(text: str) -> str:
    """Text that fits into a message, and that a database and any receiver can take."""
    printable = "".join(sign for sign in text if sign.isprintable() or sign == "\n").strip()
    return cut(printable, MAX_TEXT)


def cut(text: str, size: int) -> str:
    """At most `size` characters of it."""
    return text if len(text) <= size else f"{text[: size - 1]}…"


def clock(at: float) -> str:
    """An instant as people read it."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"

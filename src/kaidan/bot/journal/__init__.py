"""What the bot decided on each bar, why, and what it goes on from: one SQLite file."""

from kaidan.bot.journal.entry import Entry
from kaidan.bot.journal.failure import JournalError
from kaidan.bot.journal.files import journal_file
from kaidan.bot.journal.journal import Journal

__all__ = ["Entry", "Journal", "JournalError", "journal_file"]

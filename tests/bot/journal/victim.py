"""A bot that writes bars as fast as it can, until it is killed: `python -m ... FILE`."""

import sys
from pathlib import Path

from kaidan.bot.journal import Journal
from kaidan.bot.journal import journal as module
from kaidan.market.bar import ONE_BAR
from tests.bot.journal.kit import IDENTITY, START, after, decided


def main(path: Path) -> None:
    module._CHECKPOINT_BYTES = 100_000  # so that many are cut off
    with Journal.open(path, identity=IDENTITY) as journal:
        last = journal.last_bar()
        n = 0 if last is None else (last - START) // ONE_BAR + 1
        while True:
            journal.write(decided(n), after(n))
            sys.stdout.write(f"{n}\n")
            sys.stdout.flush()
            journal.tidy()
            n += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]))

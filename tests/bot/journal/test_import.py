"""The journal weighs nothing in the bot's process."""

import subprocess
import sys


def test_a_fresh_process_that_writes_a_journal_has_loaded_no_heavy_library(tmp_path) -> None:
    script = f"""
import sys
from pathlib import Path
from kaidan.bot.journal import Journal, journal_file
with Journal.open(Path({str(tmp_path)!r}) / "bot.sqlite", identity={{}}) as journal:
    list(journal.entries())
print(*sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    heavy = {"pandas", "numpy", "mlflow", "sklearn", "talib", "scipy", "pyarrow", "rich", "typer"}
    assert heavy.isdisjoint(done.stdout.split())

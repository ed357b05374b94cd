"""What trades in the bot stays small: no part of it needs a data frame."""

import subprocess
import sys

import pytest

ROOM = "kaidan.trading"


@pytest.mark.parametrize("module", ["policy", "position", "order", "broker", "paper", "engine"])
def test_a_fresh_process_that_trades_imports_no_pandas(module):
    code = f"import sys, {ROOM}.{module}; print('pandas' in sys.modules, 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]

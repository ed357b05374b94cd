"""Errand: what is live, brought into the cache, so that the bot itself never opens MLflow.

Run: `python -m kaidan.bot.errands.models [--config DIR]`. Prints what `pull` did as one JSON
object; a registry that does not answer is part of it, and no failure of the errand.
"""

import argparse
import json
import sys
from contextlib import redirect_stdout
from pathlib import Path

from kaidan.registry.environment import quiet_mlflow
from kaidan.settings import load_settings


def main() -> None:
    """Pull, and tell.

    Raises
    ------
    SettingsError
        The configuration cannot be read.
    """
    parser = argparse.ArgumentParser(description="Bring what is live into the model cache.")
    parser.add_argument("--config", type=Path, metavar="DIR")
    settings = load_settings(parser.parse_args().config)
    quiet_mlflow()

    from kaidan.serving.pull import pull

    with redirect_stdout(sys.stderr):  # whatever a library prints is no part of the answer
        pulled = pull(settings)
    sys.stdout.write(json.dumps(pulled.to_dict()) + "\n")


if __name__ == "__main__":
    main()

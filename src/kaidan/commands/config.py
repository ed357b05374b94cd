"""`kaidan config`: what would be used, and what may be written."""

import sys

import typer
import yaml

from kaidan.commands.options import ConfigDir, Json, answer
from kaidan.settings import Settings, load_settings

app = typer.Typer(help="Show the settings and their schema.")


@app.command()
def show(config: ConfigDir = None, as_json: Json = False) -> None:
    """Show the settings that a command would use, and their id."""
    settings = load_settings(config)
    values = settings.model_dump(mode="json")
    if as_json:
        answer({"config_id": settings.config_id, **values}, lambda: "", as_json=True)
    else:
        sys.stdout.write(f"# config_id: {settings.config_id}\n")
        sys.stdout.write(yaml.safe_dump(values, sort_keys=False))


@app.command()
def schema() -> None:
    """Show the JSON schema of the settings."""
    answer(Settings.model_json_schema(), lambda: "", as_json=True)

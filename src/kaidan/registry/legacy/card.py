"""What a person reads in MLflow on a version that is a record of an old model."""

from kaidan.registry.legacy.folder import LegacyModel


def description(model: LegacyModel) -> str:
    """Markdown: first that it is no model, then what is known."""
    known = "\n".join(f"- {line}" for line in model.findings)
    return f"""**Imported history, not a model.** The pickle `{model.path}` is not loaded and not
kept here: loading a pickle runs whatever was put into it. This version can be neither promoted nor
rolled back to; it keeps what is known of the pickle without opening it.

{known}
- sha256 `{model.sha256}`, {model.n_bytes:,} bytes
"""

"""MLflow's client, without the question that makes it slow where there are many versions."""

from mlflow import MlflowClient


class Client(MlflowClient):
    """Before each write to the registry MLflow asks whether the name is a prompt's.

    It reads every version of the model for that: with 1,000 versions 40 ms a write, of which a
    promotion has 20. No name of kaidan's is a prompt's.
    """

    def _raise_if_prompt(self, name: str) -> None:
        """Do not ask."""

"""Whom errands ask instead of the public addresses: a mirror, a proxy, or a rehearsal of faults."""

from pydantic_settings import BaseSettings, SettingsConfigDict

from kaidan.market.live_macro import CHART_URL, FEAR_GREED_URL


class Addresses(BaseSettings):
    """From the environment: `KAIDAN_EXCHANGE_URL`, `KAIDAN_CHART_URL`, `KAIDAN_FEAR_GREED_URL`.

    Attributes
    ----------
    exchange_url : str or None
        In place of every address that ccxt has for the exchange.
    chart_url, fear_greed_url : str
        See `fetch_macro`.
    """

    model_config = SettingsConfigDict(env_prefix="KAIDAN_", frozen=True)

    exchange_url: str | None = None
    chart_url: str = CHART_URL
    fear_greed_url: str = FEAR_GREED_URL

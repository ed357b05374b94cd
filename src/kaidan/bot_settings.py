"""What serving does with a model and its inputs, and how the bot around it behaves (`bot.yaml`)."""

from typing import Annotated, Literal

from pydantic import Field

from kaidan.frozen import Count, Frozen, Positive
from kaidan.monitoring_settings import MonitoringSettings
from kaidan.risk_settings import RiskSettings
from kaidan.trading_settings import TradingSettings


class FreshnessSettings(Frozen):
    """From which age on an input counts as missing, or as too late to trade on."""

    max_macro_age_days: Positive
    max_bar_delay_seconds: Positive


class LadderSettings(Frozen):
    """The order in which levels are asked, and how the bot keeps up with the registry.

    Attributes
    ----------
    levels : tuple of int
    threads : int
    climb_after_bars : int
        A level that was out answers again after so many bars on which it could have.
    shadow : str
        Whose answers are written down beside the live ones, and never traded: the version with
        the alias `previous` or `challenger`, or nobody's.
    refresh_seconds : float
        How often the registry is asked what is live.
    refresh_timeout_seconds : float
        When asking is given up.
    max_model_age_days : float
        A live version trained longer ago than this is worth a warning.
    """

    levels: tuple[Literal[1, 2, 3], ...]
    threads: Count
    climb_after_bars: Count
    shadow: Literal["none", "previous", "challenger"]
    refresh_seconds: Positive
    refresh_timeout_seconds: Positive
    max_model_age_days: Positive


class RegistrySettings(Frozen):
    """How a version is marked as live, and how writers wait for each other."""

    stages: bool
    wait_seconds: Positive
    lease_seconds: Positive


class SourceSettings(Frozen):
    """How bars and macro values are asked for.

    Attributes
    ----------
    fetch_timeout_seconds : float
        When an exchange or a macro source is given up, and its process killed.
    retry_seconds : float
        Wait before an exchange that did not have the bar yet, or failed, is asked again.
    macro_refresh_seconds : float
    """

    fetch_timeout_seconds: Positive
    retry_seconds: Positive
    macro_refresh_seconds: Positive


class BySeverity(Frozen):
    """One number for each severity of an alert."""

    critical: Positive
    warning: Positive
    info: Positive


class AlertSettings(Frozen):
    """Who is told what, how often; the addresses are secrets: `KAIDAN_ALERT_URLS`.

    Attributes
    ----------
    repeat_seconds : BySeverity
        The same matter is told again after so long, with a count of what came between.
    max_warnings_per_hour, max_infos_per_hour : int
        More are held back and counted; critical ones never are.
    timeout_seconds : float
        When a delivery is given up, to be tried again.
    retry_seconds, max_retry_seconds : float
        Wait after the first failed delivery, doubled after each up to the second.
    forget_after_hours : float
        Warnings and infos that could not be delivered for so long are given up; critical ones
        never are.
    """

    repeat_seconds: BySeverity
    max_warnings_per_hour: Count
    max_infos_per_hour: Count
    timeout_seconds: Positive
    retry_seconds: Positive
    max_retry_seconds: Positive
    forget_after_hours: Positive


class HealthSettings(Frozen):
    """Where `/healthz` and `/metrics` answer.

    Attributes
    ----------
    host : str
        The loopback, unless somebody else is meant to read it.
    port : int
        0: any free one.
    max_silence_seconds : float
        Without a sign of life of the loop for so long, the bot is not live.
    """

    host: str
    port: Annotated[int, Field(ge=0, le=65535)]
    max_silence_seconds: Positive


class BotSettings(Frozen):
    """All of `bot.yaml`."""

    freshness: FreshnessSettings
    ladder: LadderSettings
    registry: RegistrySettings
    source: SourceSettings
    trading: TradingSettings
    risk: RiskSettings
    alerts: AlertSettings
    health: HealthSettings
    monitoring: MonitoringSettings

"""What happens to a bot reaches a real receiver, be it later."""

from datetime import timedelta

import pytest

from kaidan.settings import Settings
from tests.bot.alerts.post_office import PostOffice, answers
from tests.bot.sources.kit import SLOT


@pytest.fixture
def settings(settings: Settings) -> Settings:
    alerts = settings.bot.alerts.model_copy(update={"retry_seconds": 0.2})
    bot = settings.bot.model_copy(update={"alerts": alerts})
    return settings.model_copy(update={"bot": bot})


def test_an_outage_is_told_also_when_the_receiver_is_down_and_the_news_is_not_lost(
    stage, office: PostOffice
) -> None:
    stage.pace = timedelta(seconds=1)

    def script():
        yield stage.bars(2)
        yield lambda: "level 2 answers" in office.text
        office.behaviour = answers(503)
        asked = office.asked
        stage.market.fault = lambda: (503, "no")
        yield stage.passed(4 * SLOT)
        yield lambda: office.asked > asked
        assert "exchange: " not in office.text
        office.behaviour = answers(200)
        yield lambda: "no candles in 3 attempts" in office.text
        stage.market.fault = None
        yield lambda: "exchange is well again" in office.text

    stage.play(script())
    assert office.text.index("no candles") < office.text.index("exchange is well again")
    assert {said["type"] for said in office.accepted} >= {"failure", "warning", "info"}

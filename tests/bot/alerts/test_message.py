import json

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from kaidan.bot.alerts.message import Letter, clean, compose, fitting
from kaidan.bot.alerts.severity import Severity

AT = 1_800_014_400.0


def letter(text: str, severity: Severity = Severity.warning, number: int = 1) -> Letter:
    return Letter(number, AT, severity, text)


def test_a_message_names_the_bot_the_severity_and_the_time():
    message = compose([letter("the exchange is silent", Severity.critical)], bot="paper")
    assert message.title == "kaidan paper: CRITICAL"
    assert message.body == "2027-01-15 12:00 UTC the exchange is silent"


def test_letters_of_one_severity_share_a_message_up_to_its_room():
    letters = [letter("x" * 500, number=n) for n in range(5)]
    assert fitting(letters) == letters[:3]
    assert compose(letters[:3], bot="paper").title == "kaidan paper: WARNING (3)"
    mixed = [letter("a", Severity.critical), letter("b")]
    assert fitting(mixed) == mixed[:1]


def test_a_message_says_how_many_were_given_up():
    assert (
        "(7 older warnings and infos were given up"
        in compose([letter("a")], bot="paper", given_up=7).body
    )


def test_text_from_elsewhere_cannot_call_everyone_of_a_channel():
    message = compose([letter("bitbank: @everyone <@123> look")], bot="@here")
    assert "@everyone" not in message.body
    assert "<@123" not in message.body
    assert "@here" not in message.title


@hypothesis_settings(max_examples=30, deadline=None)
@given(texts=st.lists(st.text(max_size=2000), min_size=1, max_size=4), bot=st.text(max_size=200))
def test_any_text_becomes_a_message_that_discord_takes(texts, bot):
    letters = [letter(clean(text), number=n) for n, text in enumerate(texts)]
    message = compose(fitting(letters), bot=clean(bot), given_up=1_000_000)
    assert 0 < len(message.title) + 2 + len(message.body) <= 2000
    json.dumps([message.title, message.body]).encode()


@given(text=st.text(alphabet=st.characters()))
def test_cleaned_text_can_be_stored_by_any_database(text):
    clean(text + "\udcff\x00").encode()

import pytest

from kaidan.bot.alerts.addresses import VARIABLE, alert_addresses


def test_addresses_are_separated_by_white_space_and_used_once(monkeypatch):
    monkeypatch.setenv(VARIABLE, " json://a/x \n discord://1/2\tjson://a/x ")
    assert [address.url for address in alert_addresses()] == ["json://a/x", "discord://1/2"]


@pytest.mark.parametrize("value", ["", "  \n"])
def test_without_the_variable_there_is_nobody(monkeypatch, value):
    monkeypatch.setenv(VARIABLE, value)
    assert alert_addresses() == ()
    monkeypatch.delenv(VARIABLE)
    assert alert_addresses() == ()


def test_what_an_address_shows_of_itself_holds_no_secret(monkeypatch):
    urls = ["discord://11122233/to-ken", "https//discord.com/api/to-ken", "to-ken:x@host"]
    monkeypatch.setenv(VARIABLE, " ".join(urls))
    addresses = alert_addresses()
    assert [address.name for address in addresses] == [
        "discord://**** (address 1)",
        "**** (address 2)",
        "**** (address 3)",
    ]
    assert "to-ken" not in repr(addresses)
    assert "11122233" not in repr(addresses)


def test_an_address_is_recognised_after_a_restart(monkeypatch):
    monkeypatch.setenv(VARIABLE, "json://a json://b")
    first = [address.identity for address in alert_addresses()]
    monkeypatch.setenv(VARIABLE, "json://b json://a")
    assert [address.identity for address in alert_addresses()] == first[::-1]

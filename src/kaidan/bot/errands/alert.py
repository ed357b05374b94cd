"""Errand: hand one message to apprise, which knows a hundred kinds of receivers.

The address comes through the environment, as command lines can be read by everybody, and neither
it nor apprise's own words, which may hold it, are ever printed.
"""

import json
import re
import sys

import apprise

from kaidan.bot.alerts.addresses import alert_addresses
from kaidan.bot.errands.outside import OutsideError

_KINDS = {
    "critical": apprise.NotifyType.FAILURE,
    "warning": apprise.NotifyType.WARNING,
    "info": apprise.NotifyType.INFO,
}


def known(url: str) -> bool:
    """Whether apprise could send to this address; nothing is sent."""
    return _instance(url) is not None


def send(url: str, *, title: str, body: str, severity: str) -> None:
    """Deliver one message.

    Raises
    ------
    OutsideError
        It was not delivered, as far as one can tell.
    """
    instance = _instance(url)
    if instance is None:
        raise OutsideError("apprise does not know this kind of address")
    receiver = apprise.Apprise()
    receiver.add(instance)
    told = receiver.notify(
        body=body,
        title=title,
        notify_type=_KINDS[severity],
        body_format=apprise.NotifyFormat.TEXT,
    )
    if not told:
        raise OutsideError(_reason(" ".join(entry.message for entry in told.logs())))


def _instance(url: str) -> apprise.NotifyBase | None:
    return apprise.Apprise.instantiate(url, asset=apprise.AppriseAsset(app_id="kaidan"))


def _reason(said: str) -> str:
    status = re.search(r"error[=:] ?(\d{3})\b", said)
    if status:
        return f"it answered with HTTP status {status[1]}"
    if "onnection error" in said:
        return "no connection, or no answer in time"
    return "apprise could not deliver it"


def main() -> None:
    """`send`: the message on stdin to the first address. `check`: which addresses are known."""
    urls = [address.url for address in alert_addresses()]
    try:
        if sys.argv[1] == "check":
            sys.stdout.write(json.dumps([known(url) for url in urls]))
        else:
            send(urls[0], **json.load(sys.stdin))
    except OutsideError:
        raise
    except Exception as error:  # noqa: BLE001 - of any kind, and its words may hold the address
        raise OutsideError(f"apprise failed ({type(error).__name__})") from None


if __name__ == "__main__":
    main()

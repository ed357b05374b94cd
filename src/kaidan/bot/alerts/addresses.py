"""Whom alerts go to: addresses are passwords, so they have names that may be written down."""

import hashlib
import os
import re
from dataclasses import dataclass, field

VARIABLE = "KAIDAN_ALERT_URLS"


@dataclass(frozen=True)
class Address:
    """A receiver, as apprise writes it.

    Attributes
    ----------
    url : str
        A secret: never in a log, a command line or a database.
    name : str
        What it is called instead.
    identity : str
        Tells it from other addresses, also after a restart; a hash.
    """

    url: str = field(repr=False)
    name: str
    identity: str


def alert_addresses() -> tuple[Address, ...]:
    """The addresses in `KAIDAN_ALERT_URLS`, separated by white space; each once."""
    urls = dict.fromkeys(os.environ.get(VARIABLE, "").split())
    return tuple(
        Address(url, f"{_scheme(url)} (address {number})", _identity(url))
        for number, url in enumerate(urls, start=1)
    )


def _scheme(url: str) -> str:
    # Anything else may be a part of the secret that ended up in the wrong place.
    written = re.match(r"([a-z][a-z0-9+.-]{0,15})://", url, flags=re.IGNORECASE)
    return f"{written[1]}://****" if written else "****"


def _identity(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:16]

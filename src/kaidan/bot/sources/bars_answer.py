"""What errand `bars` answers, as bytes: a line of JSON, then the bars as NumPy writes them."""

import io
import json
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from kaidan.errors import DataError


@dataclass(frozen=True)
class BarsAnswer:
    """Bars as far as they could be had.

    Parameters
    ----------
    bars : float64 array of shape (n_bars, 6)
        Open time in epoch seconds, open, high, low, close, volume; oldest first.
    failure : str or None
        Why these are not all that was asked for.
    wrong_use : str or None
        What was asked for can never be had.
    dropped : str or None
        Which candles were left out, and why.
    spread_share : float or None
    ahead_seconds : float or None
        How far this machine's clock is ahead of the exchange's.
    data_sha256 : str or None
    gaps : str
    """

    bars: NDArray[np.float64]
    failure: str | None = None
    wrong_use: str | None = None
    dropped: str | None = None
    spread_share: float | None = None
    ahead_seconds: float | None = None
    data_sha256: str | None = None
    gaps: str = ""

    def to_bytes(self) -> bytes:
        """Write it down."""
        said = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "bars"}
        written = io.BytesIO()
        written.write(json.dumps(said).encode() + b"\n")
        np.save(written, self.bars, allow_pickle=False)
        return written.getvalue()

    @classmethod
    def from_bytes(cls, written: bytes) -> "BarsAnswer":
        """Read what `to_bytes` wrote.

        Raises
        ------
        DataError
            It was written by somebody else, or not to its end.
        """
        head, _, body = written.partition(b"\n")
        try:
            answer = cls(bars=np.load(io.BytesIO(body), allow_pickle=False), **json.loads(head))
        except (ValueError, TypeError, EOFError) as error:
            raise DataError(
                f"errand bars: {len(written)} bytes that cannot be read ({type(error).__name__}); "
                "want bars: is the disk full?"
            ) from error
        return answer

import numpy as np
import pytest

from kaidan.bot.sources.bars_answer import BarsAnswer
from kaidan.errors import DataError

ANSWER = BarsAnswer(np.arange(12.0).reshape(2, 6) / 3, failure="429", spread_share=0.1, gaps="none")


def test_what_is_written_is_read_back_bit_for_bit():
    read = BarsAnswer.from_bytes(ANSWER.to_bytes())
    assert np.array_equal(read.bars, ANSWER.bars)
    assert (read.failure, read.spread_share, read.gaps) == ("429", 0.1, "none")


@pytest.mark.parametrize("keep", [0, 1, 40, 300, -1])
def test_half_an_answer_is_told(keep):
    with pytest.raises(DataError, match="is the disk full") as caught:
        BarsAnswer.from_bytes(ANSWER.to_bytes()[:keep])
    assert "\n" not in str(caught.value)

from kaidan.bot.sources.retries import Retries


def test_waits_double_to_the_longest_and_begin_again_after_a_success():
    retries = Retries(5, 60)
    assert [retries.after_failure() for _ in range(6)] == [5, 10, 20, 40, 60, 60]
    retries.after_success()
    assert retries.after_failure() == 5

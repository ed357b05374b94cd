"""What an old name stands for."""

import pytest

from kaidan.registry.legacy.names import level_of


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("production_ensemble_full", 1),
        ("production_ensemble", 2),
        ("production_ensemble_57", 3),
        ("ensemble_level2", None),
        ("production_ensemble_5", None),
        ("", None),
    ],
)
def test_an_old_name_stands_for_a_level_and_nothing_else_does(name, level) -> None:
    assert level_of(name) == level

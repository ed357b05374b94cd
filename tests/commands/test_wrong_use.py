"""What cannot be done is one line on stderr, nothing on stdout, and the right exit code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kaidan.commands import config
from kaidan.errors import DataError
from kaidan.market.sample import sample_bars
from tests.kit import write_config
from tests.release import kaidan, using


def check(done, code: int, said: str) -> None:
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith("kaidan: ")
    assert done.err.count("\n") == 1
    assert said in done.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("train --level abc", 2, "--level got 'abc', wanted 1, 2, 3 or all"),
        ("train --level 4", 2, "--level got '4', wanted 1, 2, 3 or all"),
        ("train --levle 1", 2, "--levle"),
        ("train", 2, "--level"),
        ("trian --level 1", 2, "No such command 'trian'"),
        ("train --level 3 --days x", 2, "'--days': Input should be a valid integer"),
        ("train --level 3 --days 0", 2, "days is 0; want 1 or more"),
        ("train --level 3 --promote maybe", 2, "'maybe' is not one of"),
        ("train --level 3 --seed -1", 2, "seed got -1"),
        ("train --level 3 --data no.csv", 1, "no.csv: no such file"),
        ("train --level 3 --data ftp:x", 2, "ftp:x: unknown kind of source"),
        ("train --level 1 --macro no.csv", 1, "no.csv: no such file"),
        ("train --level 3 --config nowhere", 2, "cannot read nowhere"),
        ("promote --level all --version 1", 2, "--version got a version for all levels"),
        ("promote --level 1", 2, "wanted --version V with it"),
        ("promote --level 1 --version x", 2, "'--version': Input should be a valid integer"),
        ("promote --level 1 --version 1 --force", 2, "--force got no --reason TEXT"),
        ("rollback --level 0", 2, "--level got '0'"),
        ("rollback --level all --to 2", 2, "--to got a version for all levels"),
        ("predict --data sample --level 9", 2, "--level got '9', wanted 1, 2 or 3"),
        ("predict --data sample --out a.json", 2, "wanted a name that ends in .csv or .parquet"),
        ("predict --data no.parquet", 1, "no.parquet: no such file"),
        ("config show --config nowhere", 2, "cannot read nowhere"),
    ],
)
def test_wrong_use_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: str, code: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KAIDAN_HOME", str(tmp_path / "home"))
    check(kaidan(*arguments.split()), code, said)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_configuration_key_is_one_line(tmp_path: Path) -> None:
    folder = write_config(tmp_path)
    with (folder / "bot.yaml").open("a") as file:
        file.write("colour: blue\n")
    check(kaidan("config", "show", "--config", str(folder)), 2, "bot.colour: Extra inputs")


def test_level_1_of_a_file_without_macro_data_says_what_to_pass(
    release, store, tmp_path: Path
) -> None:
    path = tmp_path / "bars.csv"
    sample_bars(60).to_csv(path)
    done = kaidan("train", "--level", "1", "--data", str(path), *release.options)
    check(done, 1, "level 1 got no values of usd_jpy")
    assert "pass --macro FILE or --macro live, or train level 2" in done.err


def test_too_few_bars_to_train_are_counted(release, store, bars_file: str) -> None:
    done = kaidan("train", "--level", "3", "--data", bars_file, *release.options)
    check(done, 1, "got 3005 bars, need 3510")


def test_too_few_bars_to_answer_are_counted(store, tmp_path: Path) -> None:
    path = tmp_path / "bars.parquet"
    sample_bars(5).to_parquet(path)
    check(kaidan("predict", "--data", str(path)), 1, "got 480 bars, need 2976")


@pytest.mark.parametrize(
    "arguments", ["status", "rollback --level 3", "promote --level 3 --version 1"]
)
def test_a_store_that_cannot_be_opened_is_one_line(tmp_path: Path, arguments: str) -> None:
    (tmp_path / "file").touch()
    with using(tmp_path / "file" / "store.db"):
        check(kaidan(*arguments.split()), 1, "is MLFLOW_TRACKING_URI right")


def test_training_into_a_store_that_cannot_be_opened_is_one_line(release, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with using(tmp_path / "file" / "store.db"):
        done = kaidan("train", "--level", "3", *release.options)
    check(done, 1, "cannot start a run in sqlite:///")


def test_a_version_that_is_not_there_is_one_line(store) -> None:
    check(
        kaidan("promote", "--level", "3", "--version", "9"), 1, "ensemble_level3 has no version 9"
    )


def test_an_answer_that_cannot_be_written_is_one_line(store, release, bars_file: str) -> None:
    done = kaidan(
        "predict", "--data", bars_file, "--out", "no/such/a.csv", "--config", str(release.config)
    )
    check(done, 2, "cannot write no/such/a.csv")


def test_an_interrupted_command_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(config, "load_settings", interrupt)
    done = kaidan("config", "show")
    assert (done.code, done.err.strip()) == (130, "kaidan: interrupted")


def test_debug_shows_where_it_happened() -> None:
    with pytest.raises(DataError, match=r"no\.csv"):
        kaidan("train", "--level", "3", "--data", "no.csv", "--debug")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["train", "--level", "abc"], 2, "kaidan: --level got 'abc'"),
        (["train", "--levle", "1"], 2, "kaidan: No such option: --levle"),
        (["train", "--level", "3", "--data", "no.csv"], 1, "kaidan: no.csv: no such file"),
    ],
)
def test_a_process_exits_with_the_code_and_the_line(
    tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kaidan", *arguments],
        cwd=tmp_path,
        env=os.environ | {"KAIDAN_HOME": str(tmp_path)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == 1


def test_a_process_shows_a_traceback_with_debug_only(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kaidan", "--debug", "train", "--level", "abc"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "UsageError: --level got 'abc'" in done.stderr

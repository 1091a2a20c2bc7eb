from __future__ import annotations

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from daner_site import env


def test_a_required_variable_that_is_missing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SAMPLE", raising=False)
    with pytest.raises(ImproperlyConfigured, match="SAMPLE"):
        env.text("SAMPLE")


def test_a_value_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hidden\n")
    monkeypatch.setenv("SAMPLE_FILE", str(tmp_path / "secret"))
    assert env.text("SAMPLE") == "hidden"


def test_value_and_file_together_are_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hidden")
    monkeypatch.setenv("SAMPLE", "open")
    monkeypatch.setenv("SAMPLE_FILE", str(tmp_path / "secret"))
    with pytest.raises(ImproperlyConfigured, match="both set"):
        env.text("SAMPLE", "default")


@pytest.mark.parametrize("content", [None, "", " \n"])
def test_a_missing_or_empty_file_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("SAMPLE_FILE", str(path))
    with pytest.raises(ImproperlyConfigured, match="SAMPLE_FILE"):
        env.text("SAMPLE", "default")


@pytest.mark.parametrize(
    ("given", "read"), [("1", True), ("Yes", True), ("ON", True), ("0", False), ("false", False), ("", True)]
)
def test_truth_values_are_read_in_any_case(monkeypatch: pytest.MonkeyPatch, given: str, read: bool) -> None:
    monkeypatch.setenv("SAMPLE", given)
    assert env.flag("SAMPLE", True) is read


@pytest.mark.parametrize("given", ["2", "si", "truthy"])
def test_a_doubtful_truth_value_is_an_error(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("SAMPLE", given)
    with pytest.raises(ImproperlyConfigured, match="SAMPLE"):
        env.flag("SAMPLE", True)


@pytest.mark.parametrize("given", ["many", "1.5", "0"])
def test_a_number_that_is_none_or_too_small_is_an_error(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("SAMPLE", given)
    with pytest.raises(ImproperlyConfigured, match="SAMPLE"):
        env.integer("SAMPLE", 5, minimum=1)


def test_lists_lose_blanks_and_empty_items(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLE", " a.example , ,b.example")
    assert env.listing("SAMPLE") == ["a.example", "b.example"]


def test_a_choice_outside_the_list_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLE", "ajar")
    with pytest.raises(ImproperlyConfigured, match="open, closed"):
        env.choice("SAMPLE", ("open", "closed"), "closed")


def test_a_database_other_than_sqlite_or_postgresql_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SAMPLE", "mysql://root@localhost/daner")
    with pytest.raises(ImproperlyConfigured, match="postgres"):
        env.database("SAMPLE", tmp_path / "db")


def test_a_postgresql_url_becomes_django_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SAMPLE", "postgres://daner:pa%2Fss@db.example:5433/corpus")
    config = env.database("SAMPLE", tmp_path / "db")
    assert config["ENGINE"] == "django.db.backends.postgresql"
    assert (config["NAME"], config["USER"], config["PASSWORD"]) == ("corpus", "daner", "pa/ss")
    assert (config["HOST"], config["PORT"]) == ("db.example", 5433)


def test_the_secret_key_is_made_once_and_kept_private(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    path = tmp_path / "fresh" / "secret_key"
    key = env.secret_key(path)
    assert len(key) >= 60
    assert env.secret_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [item.name for item in path.parent.iterdir()] == ["secret_key"]


def test_two_installations_get_different_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    assert env.secret_key(tmp_path / "one") != env.secret_key(tmp_path / "two")


def test_the_environment_wins_and_leaves_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECRET_KEY", "from the environment")
    assert env.secret_key(tmp_path / "secret_key") == "from the environment"
    assert not (tmp_path / "secret_key").exists()


def test_a_truncated_key_file_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    (tmp_path / "secret_key").write_text("short")
    with pytest.raises(ImproperlyConfigured, match="secret_key"):
        env.secret_key(tmp_path / "secret_key")


def test_processes_that_start_together_agree_on_the_key(tmp_path: Path) -> None:
    code = (
        f"from pathlib import Path; from daner_site import env; print(env.secret_key(Path({str(tmp_path / 'key')!r})))"
    )
    root = Path(__file__).resolve().parents[2]

    def start(_: int) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=root, env={"PATH": ""}, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    with ThreadPoolExecutor(6) as executor:
        keys = set(executor.map(start, range(6)))
    assert len(keys) == 1

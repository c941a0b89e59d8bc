"""launch/setup.sh, in a folder of its own and with a PATH that holds only what a test puts there."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from knowledge.settings import ROOT

TOOLS = ("sh", "cat", "cksum", "cut", "dirname", "grep", "rm", "mkdir", "env")
OTHER_PYTHON = "echo 3.12"  # what it answers to the question for its version


class Machine:
    """A machine with a bare PATH and a copy of the project's files that the set-up reads."""

    def __init__(self, folder: Path) -> None:
        self.project, self.path = folder / "project", folder / "bin"
        (self.project / "launch").mkdir(parents=True)
        self.path.mkdir()
        shutil.copy(ROOT / "launch" / "setup.sh", self.project / "launch")
        for name in ("requirements.lock", "pyproject.toml"):
            (self.project / name).write_text("one\n", encoding="utf-8")
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found, tool
            (self.path / tool).symlink_to(found)

    def has(self, name: str, script: str) -> None:
        (self.path / name).write_text(f"#!{shutil.which('sh')}\n{script}\n", encoding="utf-8")
        (self.path / name).chmod(0o755)

    def set_up(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.path / "sh"), "launch/setup.sh"],
            cwd=self.project,
            env={"PATH": str(self.path), **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @property
    def made(self) -> bool:
        return (self.project / ".venv" / ".lock").exists()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_without_any_python_it_says_what_to_install(machine: Machine) -> None:
    done = machine.set_up()
    assert done.returncode == 1
    assert "Python 3.10" in done.stderr
    assert "MADOGUCHI_PYTHON" in done.stderr
    assert not machine.made


@pytest.mark.parametrize("name", ["python3", "python", "python3.10"])
def test_another_python_is_not_taken(machine: Machine, name: str) -> None:
    machine.has(name, OTHER_PYTHON)
    done = machine.set_up()
    assert (done.returncode, "Python 3.10" in done.stderr, machine.made) == (1, True, False)


def test_a_broken_python_pyenv_and_uv_end_with_the_same_message(machine: Machine) -> None:
    machine.has("python3", "exit 1")
    machine.has("pyenv", "case $1 in versions) echo 3.10.13;; *) exit 1;; esac")
    machine.has("uv", "exit 1")
    done = machine.set_up(MADOGUCHI_PYTHON="/no/such/python")
    assert (done.returncode, "none was found" in done.stderr, machine.made) == (1, True, False)


# An interpreter that makes its environment by copying itself, and installs by writing down what it was asked.
GOOD_PYTHON = """case "$*" in
  *version_info*) echo 3.10;;
  --version) echo Python 3.10.13;;
  "-m venv .venv") mkdir -p .venv/bin; cat "$0" > .venv/bin/python; chmod +x .venv/bin/python;;
  *"pip install"*) echo "$*" >> installed; [ ! -e broken ];;
esac"""


@pytest.fixture
def good(machine: Machine) -> Machine:
    (machine.path / "chmod").symlink_to(shutil.which("chmod") or "")
    machine.has("python3.10", GOOD_PYTHON)
    return machine


def test_the_environment_is_made_once_from_the_lock(good: Machine) -> None:
    assert good.set_up().returncode == 0
    assert good.made
    assert good.set_up().stdout == ""
    (line,) = (good.project / "installed").read_text(encoding="utf-8").splitlines()
    assert "--require-hashes" in line
    assert "requirements.lock" in line


@pytest.mark.parametrize("name", ["requirements.lock"])
def test_another_lock_makes_it_again(good: Machine, name: str) -> None:
    good.set_up()
    (good.project / name).write_text("two\n", encoding="utf-8")
    assert good.set_up().stdout
    assert len((good.project / "installed").read_text(encoding="utf-8").splitlines()) == 2


def test_a_failed_installation_leaves_nothing_half_made(good: Machine) -> None:
    (good.project / "broken").touch()
    done = good.set_up()
    assert (done.returncode, "could not be installed" in done.stderr, (good.project / ".venv").exists()) == (1, True, False)
    (good.project / "broken").unlink()
    assert good.set_up().returncode == 0


def test_the_python_somebody_names_is_taken(good: Machine) -> None:
    (good.path / "python3.10").rename(good.path / "my-python")
    assert good.set_up().returncode == 1
    assert good.set_up(MADOGUCHI_PYTHON=str(good.path / "my-python")).returncode == 0

"""What keeps the assistant from starting ends with one clear message; what can start, starts, and stops with everything it started."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Iterator

import psutil
import pytest
import requests

from knowledge.content_reader import inspect
from knowledge.search.index_name import index_path
from knowledge.store import Store, version_of
from launch import chat as chat_module
from launch import knowledge_base, model, processes
from launch.house import ROOT, CannotStart, House, house
from launch.processes import Running, Service, check_free, services
from tests import tiny


@pytest.fixture
def home(tmp_path: Path) -> House:
    return House(free_port(), free_port(), tmp_path / "var")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def launched(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "launch", *command.split()],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# --- ports --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("port", ["abc", "", "0", "65536", "-1", "80.5", " 5005", "5005x"])
@pytest.mark.parametrize("name", ["MADOGUCHI_RASA_PORT", "MADOGUCHI_ACTION_PORT"])
def test_a_bad_port_number(monkeypatch: pytest.MonkeyPatch, name: str, port: str) -> None:
    monkeypatch.setenv(name, port)
    with pytest.raises(CannotStart, match=f"{name} is '{port}'"):
        house()


def test_a_port_number_in_odd_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MADOGUCHI_RASA_PORT", "500²")
    with pytest.raises(CannotStart):
        house()


def test_the_ports_and_their_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MADOGUCHI_RASA_PORT", raising=False)
    monkeypatch.setenv("MADOGUCHI_ACTION_PORT", "6055")
    assert (house().rasa_url, house().action_url) == ("http://127.0.0.1:5005", "http://127.0.0.1:6055")


def test_a_bad_port_ends_the_command_with_one_message() -> None:
    done = launched("run", MADOGUCHI_RASA_PORT="abc")
    assert done.returncode == 1
    assert "MADOGUCHI_RASA_PORT is 'abc'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["", "dance", "run now"])
def test_an_unknown_command_shows_the_known_ones(command: str) -> None:
    done = launched(command)
    assert done.returncode == 2
    assert all(name in done.stderr for name in ("run", "chat", "knowledge", "train"))


@pytest.mark.parametrize(("place", "variable"), [(0, "MADOGUCHI_ACTION_PORT"), (1, "MADOGUCHI_RASA_PORT")])
def test_a_port_in_use_is_named_with_what_to_set(home: House, place: int, variable: str) -> None:
    service = services(home, Path("model.tar.gz"))[place]
    check_free(service)
    with socket.socket() as other:
        other.bind(("127.0.0.1", service.port))
        other.listen()
        with pytest.raises(CannotStart, match=f"Port {service.port} .*in use.*{variable}"):
            check_free(service)


def test_nothing_is_started_when_one_port_is_in_use(home: House) -> None:
    running = Running(home, Path("model.tar.gz"))
    with socket.socket() as other:
        other.bind(("127.0.0.1", home.rasa_port))
        other.listen()
        with pytest.raises(CannotStart), running:
            pytest.fail("it started")
    assert [service.process for service in running.services] == [None, None]


# --- knowledge ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def tiny_content(content: Path, home: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The tiny knowledge instead of the real one; the index is built by a command that writes an empty file."""
    monkeypatch.setenv("MADOGUCHI_DATABASE_URL", f"sqlite:///{home.var / 'knowledge.db'}")
    monkeypatch.setenv("MADOGUCHI_CACHE", str(home.var))
    monkeypatch.setattr(knowledge_base, "inspect", lambda: inspect(content))
    path = content / "fake-python"
    path.write_text(f"#!/bin/sh\ntouch '{index_path(version_of(inspect(content)[0]), home.var)}'\n", encoding="utf-8")
    path.chmod(0o755)
    monkeypatch.setattr(knowledge_base, "python", lambda: str(path))
    yield content


def test_a_broken_article_is_named_with_file_and_line_and_nothing_is_loaded(tiny_content: Path, home: House) -> None:
    (tiny_content / tiny.CARD).write_text(tiny.FILES[tiny.CARD].replace("aspect: lost", "aspect: colour"), encoding="utf-8")
    line = tiny.FILES[tiny.CARD][: tiny.FILES[tiny.CARD].index("aspect: lost")].count("\n") + 1
    with pytest.raises(CannotStart, match=f"procedure-residence-card.yaml:{line}: .*colour"):
        knowledge_base.load_knowledge(home)
    assert Store(os.environ["MADOGUCHI_DATABASE_URL"]).version() == ""


def test_very_many_faults_are_cut_and_counted(tiny_content: Path, home: House) -> None:
    (tiny_content / "aspects.yaml").write_text("[]", encoding="utf-8")
    for number in range(12):
        (tiny_content / "articles" / "status" / f"copy-{number}.yaml").write_text(tiny.FILES[tiny.STUDENT], encoding="utf-8")
    with pytest.raises(CannotStart, match=r"fault\(s\)") as raised:
        knowledge_base.load_knowledge(home)
    assert "more" in str(raised.value)
    assert len(str(raised.value).splitlines()) < 30


def test_the_knowledge_is_loaded_once(tiny_content: Path, home: House, capsys: pytest.CaptureFixture[str]) -> None:
    assert knowledge_base.load_knowledge(home).changed
    assert "index" in capsys.readouterr().out
    assert not knowledge_base.load_knowledge(home).changed
    assert "index" not in capsys.readouterr().out


def test_the_content_is_read_again_only_when_its_files_changed(tiny_content: Path, home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    first = knowledge_base.load_knowledge(home)
    monkeypatch.setattr(knowledge_base, "inspect", lambda: pytest.fail("read again"))
    assert knowledge_base.load_knowledge(home) == replace(first, changed=False)
    monkeypatch.setattr(knowledge_base, "fingerprint", lambda *names: "other files")
    (tiny_content / "aspects.yaml").write_text("[]", encoding="utf-8")
    monkeypatch.setattr(knowledge_base, "inspect", lambda: inspect(tiny_content))
    for _ in range(2):  # what has faults is not taken for read
        with pytest.raises(CannotStart, match=r"fault\(s\)"):
            knowledge_base.load_knowledge(home)


def test_an_index_that_went_missing_is_built_again(tiny_content: Path, home: House, capsys: pytest.CaptureFixture[str]) -> None:
    index = index_path(knowledge_base.load_knowledge(home).version, home.var)
    index.unlink()
    capsys.readouterr()
    assert not knowledge_base.load_knowledge(home).changed
    assert "index" in capsys.readouterr().out
    assert index.is_file()


def test_an_index_that_cannot_be_built(tiny_content: Path, home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(knowledge_base, "python", lambda: "false")
    with pytest.raises(CannotStart, match="index"):
        knowledge_base.load_knowledge(home)


def test_an_index_that_failed_is_built_at_the_next_start(tiny_content: Path, home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(knowledge_base, "python", lambda: "false")
    for _ in range(2):
        with pytest.raises(CannotStart):
            knowledge_base.load_knowledge(home)


# --- the model --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the files that a model is made of, and nothing else."""
    for name in model._INPUTS:
        path = tmp_path / name
        if path.suffix:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("one", encoding="utf-8")
        else:
            path.mkdir(parents=True, exist_ok=True)
            (path / "examples.yml").write_text("one", encoding="utf-8")
    monkeypatch.setattr(model, "ROOT", tmp_path)
    return tmp_path


def command(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A fake interpreter: what `train` runs instead of Rasa."""
    path = folder / "fake-python"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    monkeypatch.setattr(model, "python", lambda: str(path))


@pytest.mark.parametrize("script", ["echo 'no such intent: moon'; exit 1", "echo 'no such intent: moon'"], ids=["fails", "makes no model"])
def test_a_failing_training_shows_the_end_of_its_output(project: Path, home: House, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    command(project, monkeypatch, f"seq 100; {script}")
    with pytest.raises(CannotStart, match="training failed") as raised:
        model.trained_model(home)
    assert "no such intent: moon" in str(raised.value)
    assert len(str(raised.value).splitlines()) < 25


# The name and the folder of the model stand in the arguments, as Rasa gets them.
TRAINING = """
while [ $# -gt 0 ]; do case $1 in --fixed-model-name) name=$2;; --out) out=$2;; esac; shift; done
mkdir -p "$out"; echo x > "$out/$name.tar.gz"
"""


def test_a_model_is_trained_once_and_old_ones_go(project: Path, home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    command(
        project,
        monkeypatch,
        TRAINING,
    )
    first = model.trained_model(home)
    assert first == model.model_path()
    command(project, monkeypatch, "exit 1")
    assert model.trained_model(home) == first
    command(
        project,
        monkeypatch,
        TRAINING,
    )
    for number in range(4):
        (project / "config.yml").write_text(str(number), encoding="utf-8")
        assert model.trained_model(home).exists()
    assert len(list((project / "models").iterdir())) < 4


@pytest.mark.parametrize("name", model._INPUTS)
def test_another_input_is_another_model(project: Path, name: str) -> None:
    before = model.model_path()
    assert model.model_path() == before
    path = project / name
    (path if path.is_file() else path / "examples.yml").write_text("two", encoding="utf-8")
    assert model.model_path() != before


def test_a_new_file_of_examples_is_another_model_and_other_files_are_not(project: Path) -> None:
    before = model.model_path()
    (project / "README.md").write_text("hello", encoding="utf-8")
    (project / "data" / "notes.txt").write_text("hello", encoding="utf-8")
    assert model.model_path() == before
    (project / "data" / "nlu").mkdir()
    (project / "data" / "nlu" / "vi.yml").write_text("one", encoding="utf-8")
    assert model.model_path() != before


def test_every_input_of_the_model_is_there() -> None:
    assert [name for name in model._INPUTS if not (ROOT / name).exists()] == []


# --- processes ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(processes, "ROOT", tmp_path)
    return tmp_path


def fake(home: House, name: str, script: str, port: int) -> Service:
    return Service(name, ["sh", "-c", script], port, f"http://127.0.0.1:{port}/", home.var / "log" / f"{name}.log")


def serving(port: int) -> str:
    """A healthy service with a child of its own."""
    return f"sleep 300 & exec {sys.executable} -m http.server --bind 127.0.0.1 {port}"


def test_everything_that_was_started_is_stopped(home: House, root: Path) -> None:
    running = Running(home, Path("model.tar.gz"))
    running.services = [fake(home, "one", serving(home.action_port), home.action_port), fake(home, "two", serving(home.rasa_port), home.rasa_port)]
    with running:
        family = [
            child
            for service in running.services
            if service.process
            for child in [psutil.Process(service.process.pid), *psutil.Process(service.process.pid).children(recursive=True)]
        ]
        assert len(family) == 4
        assert requests.get(running.services[0].health, timeout=5).status_code == 200
    _, alive = psutil.wait_procs(family, timeout=5)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
    for service in running.services:
        check_free(service)


def test_a_process_that_ends_is_named_with_the_end_of_its_log(home: House, root: Path) -> None:
    running = Running(home, Path("model.tar.gz"))
    running.services = [
        fake(home, "one", serving(home.action_port), home.action_port),
        fake(home, "two", "seq 100; echo no such model; exit 3", home.rasa_port),
    ]
    with pytest.raises(CannotStart, match=r"two ended \(exit code 3\)") as raised, running:
        pytest.fail("it started")
    assert "no such model" in str(raised.value)
    assert len(str(raised.value).splitlines()) < 25
    assert all(service.process is None or service.process.poll() is not None for service in running.services)


def test_a_process_that_never_gets_healthy(home: House, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "START_SECONDS", 0.5)
    running = Running(home, Path("model.tar.gz"))
    running.services = [fake(home, "one", "echo waiting for godot; exec sleep 300", home.action_port)]
    with pytest.raises(CannotStart, match="one did not become healthy") as raised, running:
        pytest.fail("it started")
    assert "godot" in str(raised.value)
    assert running.services[0].process is not None
    assert running.services[0].process.poll() is not None


def test_a_process_that_ends_later_ends_the_watch(home: House, root: Path) -> None:
    running = Running(home, Path("model.tar.gz"))
    running.services = [fake(home, "one", serving(home.action_port), home.action_port)]
    with pytest.raises(CannotStart, match="one ended"), running:
        assert running.services[0].process is not None
        running.services[0].process.kill()
        running.watch()


def test_all_services_listen_on_loopback_without_telemetry(home: House) -> None:
    assert all(service.health.startswith("http://127.0.0.1:") for service in services(home, Path("model.tar.gz")))
    assert home.environment()["RASA_TELEMETRY_ENABLED"] == "false"
    assert home.environment()["MADOGUCHI_ACTION_URL"] == f"{home.action_url}/webhook"


# --- the chat -------------------------------------------------------------------------------------------------------------------


def test_the_chat_sends_what_is_typed_and_shows_text_and_choices(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    typed = iter(["  ", "visa"])
    sent: list[dict[str, Any]] = []

    def read(prompt: str) -> str:
        try:
            return next(typed)
        except StopIteration:
            raise EOFError from None

    class Response:
        def raise_for_status(self) -> None:
            pass

        def json(self) -> list[dict[str, Any]]:
            return [{"text": "Which one?", "buttons": [{"title": "Renewing"}, {"title": "Changing"}]}, {"custom": {}}]

    def post(url: str, json: dict[str, Any], timeout: float) -> Response:
        sent.append({"url": url, **json})
        return Response()

    monkeypatch.setattr("builtins.input", read)
    monkeypatch.setattr(chat_module.requests, "post", post)
    chat_module.chat("http://bot")
    (message,) = sent
    assert (message["url"], message["message"]) == ("http://bot/webhooks/rest/webhook", "visa")
    assert message["sender"]
    shown = capsys.readouterr().out
    assert "Which one?" in shown
    assert "1. Renewing" in shown
    assert "2. Changing" in shown

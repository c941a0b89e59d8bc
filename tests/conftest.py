from __future__ import annotations

import os
from pathlib import Path

import pytest

# Rasa and TensorFlow read these when they are imported: no telemetry, no noise in the reports.
os.environ.update({"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "SQLALCHEMY_SILENCE_UBER_WARNING": "1"})
# With threads of its own OpenBLAS may never come back from the fork() before a server is started (seen: it waits for a thread that does not end).
os.environ["OPENBLAS_NUM_THREADS"] = "1"
# Gateways that tests start must not use a developer's own accounts at LINE and elsewhere.
os.environ["MADOGUCHI_CHANNELS_FILE"] = "/nowhere/channels.json"

from hypothesis import settings

from knowledge.articles import Library
from knowledge.content_reader import inspect, read_library
from knowledge.documents import Fault
from tests import tiny

# The first example of a test may open a dictionary, which takes seconds; what a run finds must not depend on the run before.
settings.register_profile("madoguchi", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("madoguchi")


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The tiny knowledge. Nobody changes it."""
    return read_library(tiny.write(tmp_path_factory.mktemp("content")))


@pytest.fixture(scope="session")
def content_and_faults() -> tuple[Library, list[Fault]]:
    """The real content as far as it can be read, and what is wrong with it."""
    return inspect()


@pytest.fixture(scope="session")
def real(content_and_faults: tuple[Library, list[Fault]]) -> Library:
    """The real content. Nobody changes it."""
    return content_and_faults[0]


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """The tiny knowledge as files that a test may change."""
    return tiny.write(tmp_path / "content")

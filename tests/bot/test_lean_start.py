"""Rasa starts without what it never uses, and finds it when it uses it after all."""

from __future__ import annotations

import subprocess
import sys

import pytest

from launch.house import ROOT

_START = "from bot import lean_start; lean_start.install(); import sys, rasa.core.agent, rasa.server; "


def said(code: str) -> str:
    """What a new Python says, since in this one everything may have been imported already."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", f"{_START}\n{code}"], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_server_is_imported_without_tensorflow() -> None:
    assert said("print('tensorflow' in sys.modules)") == "False"


def test_a_module_put_off_is_there_when_it_is_used() -> None:
    use = "import rasa.utils.train_utils as one; from rasa.utils.train_utils import rank_and_mask; print(one.rank_and_mask is rank_and_mask)"
    assert said(f"{use}; print('tensorflow' in sys.modules)").split() == ["True", "True"]


def test_a_name_that_a_module_put_off_has_not_is_missed_as_ever() -> None:
    with pytest.raises(subprocess.CalledProcessError) as raised:
        said("import rasa.utils.train_utils as one; one.no_such_thing")
    assert "AttributeError" in raised.value.stderr


def test_the_graph_of_the_training_is_not_read() -> None:
    code = """
from datetime import datetime
from rasa.engine.storage.storage import ModelMetadata
node = {"needs": {}, "uses": "rasa.nlu.classifiers.diet_classifier.DIETClassifier", "constructor_name": "create", "fn": "train", "config": {}}
row = dict(trained_at=datetime.now().isoformat(), rasa_open_source_version="3.6.21", model_id="m", domain={}, train_schema={"nodes": {"n": node}},
           predict_schema={"nodes": {}}, training_type=3, project_fingerprint="p", core_target=None, nlu_target="n", language=None)
print(len(ModelMetadata.from_dict(row).train_schema.nodes), 'tensorflow' in sys.modules)
"""
    assert said(code.strip()) == "0 False"

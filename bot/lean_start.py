"""What Rasa reads at its start although this bot never uses it, left out: TensorFlow, above all. What that is worth: benchmarks/conversation.md.

Rasa's base classes import a module of helpers for neural networks, and a trained model names every class that its training went through, neural
networks among them. No component of config.yml is one, so the server needs neither.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any, Dict

from rasa.engine.storage.storage import ModelMetadata

_read_metadata = ModelMetadata.from_dict


def install() -> None:
    """Makes Rasa leave it out. To be called once, before anything of rasa.core or rasa.nlu is imported."""
    import_when_used("rasa.utils.train_utils")
    ModelMetadata.from_dict = metadata


def metadata(serialized: Dict[str, Any]) -> ModelMetadata:
    """Does what `ModelMetadata.from_dict` does, but for the graph of the training, which imports all its classes and is never looked at again."""
    return _read_metadata({**serialized, "train_schema": {"nodes": {}}})


def import_when_used(name: str) -> None:
    """Puts off the import of a module until something of it is used.

    importlib's own LazyLoader does not do: a second `import` of the module, which is all that Rasa's base classes do, makes it load.
    """
    module = ModuleType(name)
    module.__spec__ = importlib.util.find_spec(name)

    def read(attribute: str) -> Any:
        if sys.modules.get(name) is module:
            del sys.modules[name]
        real = importlib.import_module(name)
        module.__dict__.update(real.__dict__)
        return getattr(real, attribute)

    module.__dict__["__getattr__"] = read  # PEP 562: asked only for what the module has not
    sys.modules[name] = module
    parent, _, last = name.rpartition(".")
    setattr(importlib.import_module(parent), last, module)

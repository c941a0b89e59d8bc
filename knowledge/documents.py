"""YAML files read with the line of every value, so that a fault can be shown where it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence, Tuple, Union

import yaml
from jsonschema import Draft7Validator

Key = Union[str, int]
Place = Tuple[Key, ...]

try:  # libyaml is about eight times faster on our 250 files
    from yaml import CSafeLoader as _Loader
except ImportError:  # pragma: no cover - only on machines without libyaml
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]


@dataclass(frozen=True)
class Fault:
    """One thing wrong in a content file.

    Parameters: the file, the line (1-based; 0 for the file as a whole) and a sentence that says what to do.
    """

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


class ContentError(Exception):
    """Raised when content cannot be used. `faults` holds every fault found, not only the first."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


@dataclass
class Document:
    """One YAML file: its data, and the line of every value by its path of keys."""

    path: Path
    data: Any
    lines: dict[Place, int] = field(default_factory=dict)

    def line(self, *place: Key) -> int:
        """The line of the value at `place`, or of the nearest value around it."""
        for length in range(len(place), -1, -1):
            if place[:length] in self.lines:
                return self.lines[place[:length]]
        return 0

    def fault(self, message: str, *place: Key) -> Fault:
        """A fault at `place` in this file."""
        return Fault(self.path, self.line(*place), message)


def read_document(path: Path) -> Document:
    """Reads one YAML file. Dates stay strings (ISO), so that a schema can check them.

    Raises ContentError when the file is not YAML, not UTF-8, empty, or names a key twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ContentError([Fault(path, 0, f"is not UTF-8 ({error.reason}); save the file as UTF-8")]) from error
    loader = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            raise ContentError([Fault(path, 0, "is empty; write its content or delete the file")])
        document = Document(path, None)
        document.data = _build(node, (), document, loader)
    except yaml.YAMLError as error:
        raise ContentError([_yaml_fault(path, text, error)]) from error
    finally:
        if loader is not None:
            loader.dispose()
    return document


def _yaml_fault(path: Path, text: str, error: yaml.YAMLError) -> Fault:
    """Where the file stops being YAML, and why."""
    if isinstance(error, yaml.reader.ReaderError):
        # libyaml counts bytes, the pure Python reader characters
        before = text.encode()[: error.position].decode(errors="ignore") if yaml.__with_libyaml__ else text[: error.position]
        code = error.character if isinstance(error.character, int) else ord(error.character)
        return Fault(path, before.count("\n") + 1, f"is not valid YAML: the character U+{code:04X} must not stand in it; delete it")
    if isinstance(error, yaml.MarkedYAMLError):
        return Fault(path, error.problem_mark.line + 1 if error.problem_mark else 0, f"is not valid YAML: {error.problem}")
    return Fault(path, 0, f"is not valid YAML: {error}")


def _build(node: yaml.Node, place: Place, document: Document, loader: Any) -> Any:
    document.lines[place] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in result:
                raise ContentError([Fault(document.path, key_node.start_mark.line + 1, f"the key '{key}' is there twice")])
            result[key] = _build(value_node, (*place, key), document, loader)
            place_of_key = (*place, key)
            document.lines[place_of_key] = key_node.start_mark.line + 1
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_build(child, (*place, index), document, loader) for index, child in enumerate(node.value)]
    if node.tag == "tag:yaml.org,2002:timestamp":
        return node.value
    return loader.construct_object(node)


def pattern_faults(document: Document, patterns: Mapping[str, Sequence[str]], *where: Key) -> Iterator[Fault]:
    """Every text of a list by language that is no regular expression."""
    for code, found in patterns.items():
        for place, pattern in enumerate(found):
            try:
                re.compile(pattern)
            except re.error as error:
                yield document.fault(f"'{pattern}' is not a regular expression: {error}", *where, code, place)


def schema_faults(document: Document, schema: dict[str, Any]) -> list[Fault]:
    """Every place where the document breaks the JSON Schema."""
    faults = []
    for error in Draft7Validator(schema).iter_errors(document.data):
        place = tuple(error.absolute_path)
        where = ".".join(str(key) for key in place) or "the file"
        faults.append(document.fault(f"{where}: {error.message[:200]}", *place))
    return faults

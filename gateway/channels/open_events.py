"""What an app may tell us on the open channel, read by the published description itself (docs/openapi.yaml), so that the two cannot differ."""

from __future__ import annotations

import datetime as dt
import json
import re
from functools import cache
from typing import Any, Dict, Iterator, List, Mapping

import jsonschema
import yaml

from gateway.channels.inbound import InboundEvent
from gateway.errors import GatewayError
from knowledge.settings import ROOT

DESCRIPTION = ROOT / "docs" / "openapi.yaml"
_REASON = 300  # characters
_NAMED = ("required", "additionalProperties")  # rules whose words name fields; those of the others would repeat what the person wrote


class EventRefused(GatewayError):
    """A signed call whose content cannot be taken. The app is told why."""

    def __init__(self, code: str, status: int, reason: str) -> None:
        super().__init__(code)
        self.status, self.reason = status, reason[:_REASON]


@cache
def description() -> Mapping[str, Any]:
    """The OpenAPI document. Raises OSError when it is not installed with the program."""
    found: Dict[str, Any] = yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8"))
    return found


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[jsonschema.ValidationError]:
    """In JSON Schema (ECMA 262) `$` is the end of a text; in Python it also stands before a last line break."""
    if validator.is_type(instance, "string") and not re.search(pattern.replace("$", r"\Z"), instance):
        yield jsonschema.ValidationError(f"does not match {pattern}")


_Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"pattern": _pattern})


def schema(name: str) -> Any:
    """The check of one of its schemas."""
    return _Validator({"$ref": f"#/components/schemas/{name}", "components": description()["components"]})


@cache
def _checks() -> Mapping[str, Any]:
    """By the type of an event."""
    mapping = description()["components"]["schemas"]["Event"]["discriminator"]["mapping"]
    return {kind: schema(ref.rsplit("/", 1)[1]) for kind, ref in mapping.items()}


def parsed(raw: bytes) -> Dict[str, Any]:
    """The body as an object. Raises EventRefused."""
    try:
        found = json.loads(raw)
        json.dumps(found, ensure_ascii=False).encode()  # half of a surrogate pair is no text and cannot be stored
    except UnicodeError as error:
        raise EventRefused("event_malformed", 400, "the body is not valid Unicode (UTF-8)") from error
    except (ValueError, RecursionError) as error:
        raise EventRefused("event_malformed", 400, f"the body is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise EventRefused("event_malformed", 400, "the body is not a JSON object")
    return found


def inbound(app: str, call: str, event: Mapping[str, Any], at: dt.datetime) -> List[InboundEvent]:
    """An app's event as ours. Ids get the app's name before them: what one app says is never about another's people. Raises EventRefused."""
    kind = event.get("type")
    if not isinstance(kind, str) or kind not in _checks():
        raise EventRefused("event_invalid", 422, f"'type' must be one of {', '.join(_checks())}")
    fault = jsonschema.exceptions.best_match(_checks()[kind].iter_errors(event))
    if fault is not None:
        raise EventRefused("event_invalid", 422, _said(fault))
    about = {name: event[name] for name in ("text", "attachment", "language", "reason") if name in event}
    if kind == "text":
        about["ref"] = f"{app}:{call}"
    elif kind == "tap":
        about["tap"] = event["button"]
    elif kind == "unsend":
        about["ref"] = f"{app}:{event['message']}"
    elif kind in ("read", "failed"):
        about["ref"] = event["message"]  # an id of ours
    return [InboundEvent(kind, f"{app}:{call}", f"{app}:{event['person']}", at, **about)]


def _said(fault: jsonschema.ValidationError) -> str:
    if fault.validator in _NAMED:
        return str(fault.message)
    place = ".".join(str(part) for part in fault.absolute_path)
    return f"'{place}' breaks the rule {fault.validator}: {json.dumps(fault.validator_value, ensure_ascii=False)}"

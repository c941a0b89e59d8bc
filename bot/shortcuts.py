"""What Rasa works out anew in every turn although it never changes, worked out once. What each was worth: benchmarks/conversation.md.

Rasa 3.6 offers no setting for any of these, and is no longer changed, so its methods are replaced.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Dict

from jsonschema import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.events import Event


def install() -> None:
    """Makes Rasa use them. To be called once, before it starts."""
    RemoteAction._validate_action_result = check
    Event.resolve_by_type = staticmethod(lru_cache(maxsize=None)(Event.resolve_by_type))


def check(self: RemoteAction, result: Dict[str, Any]) -> bool:
    """Does what `RemoteAction._validate_action_result` does. Rasa reads and checks the schema itself anew for every reply of the action server.

    Raises ValidationError for a reply that is not in the form Rasa wants.
    """
    try:
        _reply_form().validate(result)
    except ValidationError as error:
        error.message += ". The action server's reply has not the form that Rasa wants: is it this project's, and of the same version?"
        raise
    return True


@lru_cache(maxsize=1)
def _reply_form() -> Validator:
    schema = RemoteAction.action_response_format_spec()
    return validator_for(schema)(schema)

"""Replies: language first, then channel. The texts stand in domain.yml, each variation with `metadata: {language: …}`."""

from __future__ import annotations

import copy
import re
from typing import Any, Dict, List, Mapping, Optional

from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from knowledge.languages import languages, reply_language

_FIELD = re.compile(r"\{([a-z_]+)\}")
Variation = Dict[str, Any]


class MissingReply(LookupError):
    """A reply has no text at all, or a placeholder that nobody filled. Tests make sure that it never happens in service."""


class LanguageFirstNLG(TemplatedNaturalLanguageGenerator):
    """Chooses a variation by language, then by channel, always the first that fits: the same question gets the same words.

    Inherits from Rasa's templated generator because only its subclasses get new responses when a model is loaded.
    """

    def __init__(self, endpoint_config: Optional[EndpointConfig] = None, domain: Optional[Domain] = None) -> None:
        super().__init__(domain.responses if domain else {})

    async def generate(self, utter_action: str, tracker: DialogueStateTracker, output_channel: str, **kwargs: Any) -> Optional[Variation]:
        """The reply `utter_action` in the language given as `language`, else in the conversation's."""
        slots = tracker.current_slot_values()
        language = kwargs.get("language") or reply_language(*_evidence(tracker, slots))
        return self.reply(utter_action, language, output_channel, kwargs)

    def reply(self, name: str, language: str, channel: str, fields: Mapping[str, Any]) -> Variation:
        """One reply as Rasa's response dictionary, placeholders filled; the field `choices` are buttons before its own. Raises MissingReply."""
        chosen = copy.deepcopy(choose(self.responses.get(name, []), language, channel))
        if chosen is None:
            raise MissingReply(f"The reply {name} has no text. Write it in domain.yml.")
        chosen["text"] = self._filled(chosen.get("text", ""), name, language, channel, fields)
        titles = [*fields.get("choices", ()), *(button["title"] for button in chosen.pop("buttons", []))]
        if titles:
            # What a tap sends is what it says, so that a tap and a typed answer are one and the same.
            chosen["buttons"] = [{"title": title, "payload": title} for title in titles]
        return chosen

    def _filled(self, text: str, name: str, language: str, channel: str, fields: Mapping[str, Any]) -> str:
        def value(match: re.Match[str]) -> str:
            field = match.group(1)
            if field not in fields:
                raise MissingReply(f"The reply {name} ({language}) needs a value for {{{field}}}.")
            found = fields[field]
            if isinstance(found, list):  # parts that are replies themselves, each on a line of its own
                return "".join(f"\n{part(one)}" for one in found)
            return part(found) if isinstance(found, dict) else str(found)

        def part(one: Mapping[str, Any]) -> str:
            return str(self.reply(one["reply"], language, channel, one.get("fields", {}))["text"])

        return _FIELD.sub(value, text).strip()


def _evidence(tracker: DialogueStateTracker, slots: Dict[str, Any]) -> tuple[Dict[str, Any], Dict[str, Any], List[Dict[str, Any]]]:
    said = [{**(event.parse_data or {}), "metadata": event.metadata} for event in reversed(tracker.events) if isinstance(event, UserUttered)]
    return (said[0] if said else {}), slots, said[1:]


def choose(variations: List[Variation], language: str, channel: str) -> Optional[Variation]:
    """The variation for a language and a channel. Order: language and channel, language, the language's fallback, any (for all channels first)."""
    order = [language]
    if language in languages():
        order.append(languages()[language].fallback)
    for code in order:
        own = [one for one in variations if (one.get("metadata") or {}).get("language") == code]
        for wanted in (channel, None):
            for one in own:
                if one.get("channel") == wanted:
                    return one
    return next((one for one in variations if not one.get("channel")), variations[0] if variations else None)

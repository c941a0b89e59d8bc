"""Searches of the listings in a conversation: what is looked for, whether a message goes on with the last search, and what is said to it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Any, Dict, FrozenSet, List, Mapping, Optional, Sequence

from rasa_sdk.executor import CollectingDispatcher

from actions.counter import counter
from actions.forms import reading
from actions.forms.hearing import heard_in
from actions.handoff import offer_person
from actions.memory import Memory
from actions.replies import Part, part, say, say_answers
from actions.turn import Turn
from knowledge.analysis import Token, tokens
from knowledge.languages import in_language
from knowledge.listings.companies import Company
from knowledge.listings.events import Event
from knowledge.listings.store import Listings, listings
from knowledge.listings.wishes import Wish, find_companies, find_events, wish_of
from knowledge.listings.wording import card, company_card, day_in_words, feed_address, wish_words
from knowledge.listings.words import Spoken, is_denied, label, spoken_words, texts
from knowledge.search.index import bare
from knowledge.settings import settings
from knowledge.speaker import EMPLOYER, speaker_of
from privacy.numbers import redact

EVENTS, COMPANIES = "events", "companies"
SLOT = "listing"  # the last search: what, wish, how many were shown, and the question that it was
FEW_WORDS = 2  # beside what is looked for, in a message that asks for companies by what it names
SHOWN, SHOWN_OVER, SHOWN_UNDATED = 5, 2, 3
ARTICLES = {EVENTS: "event-calendar", COMPANIES: "programme-ofp-companies"}  # how such things are usually found, in general
# What makes a message a search by itself. The parts of the second table do so only when they find something coming: "fairs in English" may be
# a question about fairs as well.
_CLEAR = {EVENTS: ("places", "online", "first", "last"), COMPANIES: ("places", "fields", "languages")}
_MAYBE = {EVENTS: ("kinds", "audiences", "languages", "level"), COMPANIES: ()}


@dataclass(frozen=True)
class Search:
    """One search: of events or companies, what is looked for, and how many of the results were shown before."""

    what: str
    wish: Wish
    skip: int = 0


@dataclass(frozen=True)
class Heard:
    """What a message says about a search. `cleared`: the parts of an earlier wish that it takes back; `rest`: words that are none of this."""

    wish: Wish
    spoken: Sequence[Spoken]
    cleared: Mapping[str, Any] = field(default_factory=dict)
    rest: Sequence[Token] = ()

    def says(self, group: str, word: str) -> bool:
        """Whether it says a word of listings.yaml."""
        return any((one.group, one.id) == (group, word) for one in self.spoken)


def now() -> dt.datetime:
    """The present moment; tests set another."""
    return dt.datetime.now(dt.timezone.utc)


def store() -> Listings:
    """The listings of this process."""
    return listings(settings().database_url)


# --- what a message says ----------------------------------------------------------------------------------------------------


def heard(turn: Turn) -> Heard:
    """Reads a message: places, dates and levels are Rasa's entities; kinds, audiences and the like are words of listings.yaml."""
    words = tokens(turn.asked.text)
    named = [one for one in turn.parsed.get("entities") or [] if one["entity"] in ("place", "date", "jlpt")]
    mentions = spoken_words(turn.asked.text, words)
    spoken = [one for one in mentions if one.group == "plain" or not is_denied(turn.asked.text, one.start, one.end)]
    entities = [one for one in named if not is_denied(turn.asked.text, int(one["start"]), int(one["end"]))]
    days = [day for one in entities if one["entity"] == "date" for day in str(one["value"]).split("/")]
    levels = [str(one["value"]) for one in entities if one["entity"] == "jlpt"]
    groups = ("kinds", "audiences", "fields", "languages", "marks")
    said = {group: tuple(dict.fromkeys(one.id for one in spoken if one.group == group)) for group in groups}
    wish = Wish(
        places=tuple(dict.fromkeys(str(one["value"]) for one in entities if one["entity"] == "place")),
        online="online" in said["marks"],
        first=dt.date.fromisoformat(min(days)) if days else None,
        last=dt.date.fromisoformat(max(days)) if days else None,
        kinds=said["kinds"],
        audiences=said["audiences"],
        fields=said["fields"],
        languages=said["languages"],
        level=min(levels) if levels else None,
        free="free" in said["marks"],
    )
    cleared: Dict[str, Any] = {"places": (), "online": False} if "anywhere" in said["marks"] else {}
    cleared.update({"first": None, "last": None} if "any_time" in said["marks"] else {})
    cleared.update({"online": False} if any(one.id == "online" for one in mentions if one not in spoken) else {})
    spans = [(one.start, one.end) for one in mentions] + [(int(one["start"]), int(one["end"])) for one in named]
    rest = [word for word in words if word.content and bare(word.text) and not any(start < word.end and word.start < end for start, end in spans)]
    return Heard(wish, spoken, cleared, rest)


def new_search(what: str, turn: Turn) -> Optional[Search]:
    """The search that a message asks for, or goes on with; None when it is a question for the articles."""
    went_on = follow_up(turn)
    if went_on is not None or _tapped(turn) or (what == COMPANIES and _hires(turn)):
        return went_on
    found = heard(turn)
    wish = narrowed(what, found.wish)
    if any(getattr(wish, name) for name in _CLEAR[what]):
        return None if what == EVENTS and not _speaks_of_events(found) else Search(what, wish)
    article = _named(turn)
    if what == COMPANIES:
        return Search(what, wish) if store().companies() and not (article or found.rest) else None
    if found.rest and not article:
        return None
    if article and _coming(Wish(article=article)):
        return Search(what, Wish(article=article))
    maybe = maybe_search(what, turn)
    if maybe is not None and _coming(wish):
        return maybe
    particular = article if article != ARTICLES[what] else None  # "find events" names no more than the listing
    asked_for_some = any(one.id in ("going_on", "more") for one in found.spoken) and not (particular or found.rest or wish.free)
    return Search(what, wish) if asked_for_some else None


def _speaks_of_events(found: Heard) -> bool:
    """Whether more than a time and a person is named: who graduates in March without a job asks for no event."""
    return bool(found.wish.kinds or found.wish.places or found.wish.online or any(found.says("plain", name) for name in (EVENTS, "going_on", "more")))


def maybe_search(what: str, turn: Turn, alone: bool = True) -> Optional[Search]:
    """The search that a message may ask for, when it names nothing but a kind, a group of people or a language: "fairs for students?".

    `alone` False: whatever else it says, where nothing better is known ("I am from India, 22, and want an internship").
    """
    found = heard(turn)
    wish = narrowed(what, found.wish)
    if not alone:
        return Search(what, wish) if wish.kinds else None
    return Search(what, wish) if any(getattr(wish, name) for name in _MAYBE[what]) and not (found.rest or wish.free) else None


def likely_search(turn: Turn) -> Optional[Search]:
    """The search that a message seems to want for which no answer is known: a kind of event, or work and where, whatever else it tells
    ("factory or warehouse, Saitama or Gunma, I speak Spanish"); None when it names nothing of it."""
    found = heard(turn)
    if found.wish.kinds:
        return Search(EVENTS, narrowed(EVENTS, found.wish))
    if not (found.wish.places or found.wish.online):
        return None
    if found.says("plain", EVENTS):
        return Search(EVENTS, narrowed(EVENTS, found.wish))
    if (found.wish.fields or found.says("plain", COMPANIES)) and not _hires(turn):
        return Search(COMPANIES, narrowed(COMPANIES, found.wish))
    return None


def plain_search(turn: Turn) -> Optional[Search]:
    """The search for companies that a message asks for by what it names, whatever it is taken for: companies or work, a field and a place, and little
    besides ("looking for a company in Ibaraki, agriculture"). None for a question ("which visa for a hotel job in Osaka?").
    """
    found = heard(turn)
    wanted = found.says("plain", COMPANIES) and found.wish.fields and found.wish.places and len(found.rest) <= FEW_WORDS
    if not wanted or _hires(turn) or reading.is_question(heard_in(turn)):
        return None
    return Search(COMPANIES, narrowed(COMPANIES, found.wish))


def _hires(turn: Turn) -> bool:
    """Whether an employer speaks, who looks for people and for no company (介護施設でフィリピンから採用)."""
    return speaker_of(turn.asked.text) == EMPLOYER


def follow_up(turn: Turn) -> Optional[Search]:
    """The last search, refined by a message that says nothing else ("and in November?", 東京は？); None when it is something else.

    Later it is taken up by its name ("show me the companies again"). Where an article about events or companies was told, a message of this
    kind begins a search ("in Tokyo, finance or consulting").
    """
    if _tapped(turn):
        return None
    last, found = turn.slots.get(SLOT), heard(turn)
    if not last or last.get("question") != turn.memory.question:
        return None if found.rest else _taken_up(last, found) or _narrowing(turn, found)
    if found.rest or not (found.wish or found.cleared or found.says("plain", "more")):
        return None
    what = str(last["what"])
    other = {EVENTS: COMPANIES, COMPANIES: EVENTS}[what]
    if found.says("plain", other) or (what == COMPANIES and found.wish.kinds):
        # "and companies there?": the other listing, at the same place
        return Search(other, narrowed(other, Wish(places=wish_of(last["wish"]).places).with_(found.wish)))
    if found.says("plain", "more") and not found.wish:
        return Search(what, wish_of(last["wish"]), int(last.get("shown") or 0))
    whole = (found.wish.kinds or found.says("plain", what)) and (found.wish.places or found.wish.first)
    before = Wish() if whole else replace(wish_of(last["wish"]), **found.cleared)
    return Search(what, narrowed(what, before.with_(found.wish)))


def _taken_up(last: Optional[Mapping[str, Any]], found: Heard) -> Optional[Search]:
    """The last search, when something else was talked about since and the message goes back to it."""
    if not last or not found.says("plain", "again") or not found.says("plain", str(last["what"])):
        return None
    what = str(last["what"])
    return Search(what, narrowed(what, wish_of(last["wish"]).with_(found.wish)))


def _narrowing(turn: Turn, found: Heard) -> Optional[Search]:
    """The search for what an article was about in general."""
    for what in sorted((COMPANIES, EVENTS), key=lambda one: turn.memory.subject != ARTICLES[one]):
        wish = narrowed(what, found.wish)
        if turn.memory.subject in _near(what) and any(getattr(wish, name) for name in _CLEAR[what]):
            return Search(what, wish)
    return None


def again(turn: Turn) -> Optional[Search]:
    """The last search once more ("say it again"), or its next results ("more"); None when something else was talked about since."""
    last = turn.slots.get(SLOT)
    if not last or last.get("question") != turn.memory.question:
        return follow_up(turn)
    return follow_up(turn) or Search(str(last["what"]), wish_of(last["wish"]))


def _coming(wish: Wish) -> bool:
    return bool(find_events(store().events(), wish, now()).coming)


def narrowed(what: str, wish: Wish) -> Wish:
    """The wish with only what can be looked for in that listing."""
    if what == COMPANIES:
        return Wish(places=wish.places, fields=wish.fields, languages=wish.languages)
    return replace(wish, fields=())


def _tapped(turn: Turn) -> bool:
    """Whether the message is one of the offered buttons, word for word."""
    plain = bare(turn.asked.text)
    return any(plain == bare(option["title"]) for option in turn.memory.offered)


def _named(turn: Turn) -> Optional[str]:
    """The article that the message names."""
    return next((str(one["value"]) for one in turn.parsed.get("entities") or [] if one["entity"] == "subject"), None)


# --- what is said -------------------------------------------------------------------------------------------------------------


def say_search(dispatcher: CollectingDispatcher, turn: Turn, search: Search, notices: Sequence[Part] = ()) -> List[Dict[str, Any]]:
    """Says what was found, or what comes nearest; the slots after it. `notices` are said besides."""
    if search.what == EVENTS:
        return _say_events(dispatcher, turn, search, notices)
    return _say_companies(dispatcher, turn, search, notices)


def _say_events(dispatcher: CollectingDispatcher, turn: Turn, search: Search, notices: Sequence[Part]) -> List[Dict[str, Any]]:
    language, moment = turn.language, now()
    found = find_events(store().events(), search.wish, moment)
    rest = found.coming[search.skip :] or found.coming
    shown = rest[:SHOWN]
    if shown:
        left = len(rest) - len(shown)
        notes = [*([part("utter_part_events_more", count=left)] if left > 0 else []), *notices]
        say(
            dispatcher,
            "utter_events",
            language,
            _refinements(search, language, left > 0),
            _events_card(search, shown, language, moment),
            wish=_looked_for(search, language),
            items=[_event_part(event, language, moment) for event in shown],
            notices=notes,
        )
        after = _answered_too(dispatcher, turn, replace(_about(turn, shown[0].article), offered=(), failures=0))
        return _kept(turn, after, search, search.skip + len(shown) if left > 0 else 0)
    groups = [
        ("utter_part_events_near", found.near),
        ("utter_part_events_over", found.over[:SHOWN_OVER]),
        ("utter_part_events_undated", found.undated[:SHOWN_UNDATED]),
    ]
    items: List[Part] = []
    for heading, events in groups:
        items += [part(heading), *(_event_part(event, language, moment) for event in events)] if events else []
    listed = [event for _, events in groups for event in events]
    say(
        dispatcher,
        "utter_events_none",
        language,
        card=_events_card(search, listed, language, moment) if listed else None,
        wish=_looked_for(search, language),
        items=items,
        notices=list(notices),
    )
    return _kept(turn, offer_person(dispatcher, turn, _say_usual_way(dispatcher, turn, EVENTS), "not_answered"), search, 0)


def _say_companies(dispatcher: CollectingDispatcher, turn: Turn, search: Search, notices: Sequence[Part]) -> List[Dict[str, Any]]:
    language = turn.language
    known = store().companies()
    found = find_companies(known, search.wish, now().date())
    rest = found[search.skip :] or found
    shown = rest[:SHOWN]
    if shown:
        left = len(rest) - len(shown)
        notes = [*([part("utter_part_companies_more", count=left)] if left > 0 else []), *notices]
        say(
            dispatcher,
            "utter_companies",
            language,
            [{"title": label("plain", "more", language)}] if left > 0 else (),
            _companies_card(search, shown, language),
            wish=_looked_for(search, language),
            items=[part("utter_part_company", **company_card(one, language), said=day_in_words(one.said_on, language)) for one in shown],
            notices=notes,
        )
        after = replace(_about(turn, ARTICLES[COMPANIES]), offered=(), failures=0)
        return _kept(turn, after, search, search.skip + len(shown) if left > 0 else 0)
    reply = "utter_companies_none" if any(one.fresh(now().date()) for one in known) else "utter_companies_empty"
    say(dispatcher, reply, language, wish=_looked_for(search, language), notices=list(notices))
    return _kept(turn, _say_usual_way(dispatcher, turn, COMPANIES), search, 0)


def _say_usual_way(dispatcher: CollectingDispatcher, turn: Turn, what: str) -> Memory:
    """How such things are usually found: the article that answers the question, else the general one. The memory after it.

    The conversation is about the search now, and no longer about what was talked about before it.
    """
    day, memory = now().date(), _turned_to(turn.memory, what)
    decision = counter().decide(turn.asked, memory, day)
    near = decision.kind == "answer" or (decision.kind == "likely" and decision.memory.subject in _near(what))
    if decision.form or not near:
        decision = counter().tell(ARTICLES[what], turn.asked, memory, day)
    if decision.tells:
        say_answers(dispatcher, decision, turn.language)
        return _turned_to(decision.memory, what)
    return replace(memory, offered=(), failures=0, question=redact(turn.asked.text).text)


def _turned_to(memory: Memory, what: str) -> Memory:
    """The memory of a conversation about events or companies in general, unless it is about something near already."""
    known = ARTICLES[what] in counter().library.articles
    return memory.about(ARTICLES[what]) if known and memory.subject not in _near(what) else memory


def _near(what: str) -> FrozenSet[str]:
    """The articles about events or companies: the general one and what belongs to it."""
    articles = counter().library.articles
    general = articles.get(ARTICLES[what])
    events = {article.id for article in articles.values() if article.kind == "event"} if what == EVENTS else set()
    return frozenset({ARTICLES[what], *(general.related if general else ()), *events})


def _answered_too(dispatcher: CollectingDispatcher, turn: Turn, after: Memory) -> Memory:
    """The message may ask more than where and when ("what do I bring to the fair in Tokyo"); then a sure answer is said besides."""
    if not heard(turn).rest:
        return after
    decision = counter().decide(turn.asked, turn.memory, now().date())
    if decision.kind != "answer" or decision.form:
        return after
    say_answers(dispatcher, decision, turn.language)
    return decision.memory


def _about(turn: Turn, article: Optional[str]) -> Memory:
    """The conversation turns to the article of what was found, so that "how do I take part?" is understood."""
    known = article if article in counter().library.articles else None
    memory = turn.memory.about(known) if known else turn.memory
    return replace(memory, unit=None, question=redact(turn.asked.text).text)


def _kept(turn: Turn, after: Memory, search: Search, shown: int) -> List[Dict[str, Any]]:
    """The slots: the memory, and the search for a message that goes on with it."""
    return turn.events(after, **{SLOT: {"what": search.what, "wish": search.wish.plain(), "shown": shown, "question": after.question}})


def _looked_for(search: Search, language: str) -> str:
    wish = search.wish
    if wish.article and wish.article in counter().library.articles:
        return in_language(counter().library.articles[wish.article].title, language)
    return wish_words(wish, language) or label("plain", search.what, language)


def _event_part(event: Event, language: str, moment: dt.datetime) -> Part:
    fields = card(event, language, moment)
    mark = "utter_part_event_cancelled" if event.cancelled else "utter_part_event_over" if fields["over"] else None
    checked = day_in_words(event.checked, language)
    return part("utter_part_event", **fields, checked=checked, mark=part(mark) if mark else "")


def _refinements(search: Search, language: str, more: bool) -> List[Dict[str, str]]:
    """Buttons whose words go on with the search."""
    titles = [label("plain", "more", language)] if more else []
    titles += [] if search.wish.online else [label("marks", "online", language)]
    return [{"title": title} for title in titles]


def _events_card(search: Search, events: Sequence[Event], language: str, moment: dt.datetime) -> Dict[str, Any]:
    return {
        "events": {
            "title": _looked_for(search, language),
            "language": language,
            "items": [card(event, language, moment) for event in events],
            "feed": feed_address(search.wish, language),
        }
    }


def _companies_card(search: Search, companies: Sequence[Company], language: str) -> Dict[str, Any]:
    return {
        "companies": {
            "title": _looked_for(search, language),
            "language": language,
            "items": [company_card(one, language) for one in companies],
            "notice": in_language(texts()["notice"], language),
        }
    }

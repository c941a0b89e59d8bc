"""What coordinators see of a channel: its state, the paid messages that are left, why something was not delivered."""

from __future__ import annotations

from gateway.channels import Channels
from gateway.channels.line import Line
from gateway.channels.status import ChannelStatus
from gateway.channels.web import WebChannel
from gateway.store.database import lock
from tests.desk.conftest import World, shelf, template, world  # noqa: F401 - fixtures
from tests.gateway.world import PushChannel


def _conversation(world: World) -> str:  # noqa: F811
    services = world.services
    conversation = services.conversations.begin("push", "somebody", "en")[0]
    services.conversations.receive(conversation, "hello", event_id="e1")
    return conversation


def test_the_composer_says_what_a_reply_costs(world: World) -> None:  # noqa: F811
    path = f"/c/{_conversation(world)}"
    browser, ja = world.browser("coordinator"), world.browser("coordinator", "ja")
    assert 'id="channel-state"' not in browser.get(path).text
    for used, english, grave in ((0, "1 of 200 paid", False), (170, "Only 30 of 200", True), (200, "will wait and be delivered", True)):
        world.services.statuses.write(ChannelStatus("push", "ready", quota=200, used=used))
        page = browser.get(path).text
        assert english in page
        assert ('id="channel-state" class="window over"' in page) is grave
    ja.post("/language", {"language": "ja", "next": path})
    assert "今月の有料送信を使い切りました" in ja.get(path).text


def test_a_channel_that_does_not_work_is_said_so(world: World) -> None:  # noqa: F811
    path = f"/c/{_conversation(world)}"
    world.services.statuses.write(ChannelStatus("push", "credentials", "credentials"))
    browser = world.browser("coordinator")
    assert "This channel does not work just now" in browser.get(path).text
    page = browser.get("/channels").text
    assert "access refused" in page and "renew" in page


def test_the_page_of_channels(world: World) -> None:  # noqa: F811
    channels = Channels(WebChannel(), PushChannel(), off=[(Line.spec, "MADOGUCHI_LINE_ACCESS_TOKEN")])
    world.services.statuses._channels = channels
    world.services.statuses.write(ChannelStatus("push", "ready", account="Madoguchi @m", quota=200, used=12))
    page = world.browser("auditor").get("/channels").text
    for part in ("Madoguchi @m", "188 of 200 left", "LINE", "MADOGUCHI_LINE_ACCESS_TOKEN", "works"):
        assert part in page


def test_why_a_message_was_not_delivered_in_words(world: World) -> None:  # noqa: F811
    conversation, services = _conversation(world), world.services
    with services.database.write() as session:
        services.transcript.system(session, lock(session, conversation), "reminder")
    services.outbox.give_up(conversation, "refused: 400 no such person")
    page = world.browser("coordinator").get(f"/c/{conversation}").text
    assert "the app refused the message (400 no such person)" in page


def test_a_conversation_of_a_channel_that_was_switched_off_can_still_be_read_and_answered(world: World) -> None:  # noqa: F811
    services, spec = world.services, PushChannel.spec
    conversation = _conversation(world)
    # A gateway started again without the credentials: the conversations of the channel are still there.
    services.channels._channels.pop("push")
    services.channels._resting, services.channels.off = {"push": spec}, {"push": "MADOGUCHI_PUSH_TOKEN"}
    browser = world.browser("coordinator")
    page = browser.get(f"/c/{conversation}")
    assert page.status_code == 200 and "This channel does not work just now" in page.text
    row = services.desk.conversation(conversation).row
    browser.post(f"/c/{conversation}/reply", {"text": "Hello", "epoch": str(row.epoch), "client_id": "off-0000001"})
    assert services.outbox.lease() is None
    assert services.desk.transcript(conversation)[-1]["state"] == "queued"

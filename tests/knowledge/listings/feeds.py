"""What feeds send, for tests."""

from __future__ import annotations

import json
from typing import Any

from knowledge.listings.feeds import Feed, feed_of

ICAL = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Test//EN
BEGIN:VEVENT
UID:one@test
DTSTAMP:20261101T000000Z
DTSTART;TZID=Asia/Tokyo:20261205T100000
DTEND;TZID=Asia/Tokyo:20261205T160000
SUMMARY:留学生 就職フェア
LOCATION:大阪市北区
URL:https://127.0.0.1/one
END:VEVENT
BEGIN:VEVENT
UID:two@test
DTSTAMP:20261101T000000Z
DTSTART;VALUE=DATE:20261210
DTEND;VALUE=DATE:20261212
SUMMARY:オンライン セミナー
END:VEVENT
END:VCALENDAR
"""
RSS = """\
<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:ev="http://purl.org/rss/1.0/modules/event/"><channel><title>News</title>
<item><guid>1</guid><title>Seminar &amp; fair in Osaka</title><link>https://127.0.0.1/1</link>
<description>&lt;b&gt;Come&lt;/b&gt; &lt;script&gt;alert(1)&lt;/script&gt;</description><ev:startdate>2026-12-01T10:00:00+09:00</ev:startdate></item>
<item><guid>2</guid><title>留学生向け面接会のお知らせ</title><link>https://127.0.0.1/2</link><pubDate>Mon, 16 Nov 2026 00:00:00 GMT</pubDate></item>
</channel></rss>
"""
ATOM = """\
<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>x</title><id>x</id><updated>2026-11-01T00:00:00Z</updated>
<entry><id>a1</id><title>Study tour in Nagoya</title><link href="https://127.0.0.1/a1"/><updated>2026-11-01T00:00:00Z</updated></entry></feed>
"""
JSON = json.dumps({"data": {"list": [
    {"no": 7, "name": "Job fair Fukuoka", "from": "2026-12-03T13:00", "to": "2026-12-03T17:00", "page": {"url": "https://127.0.0.1/7"},
     "hall": "福岡市"},
    {"no": 8, "name": "Whole days", "from": "2026-12-08", "to": "2026-12-09", "page": None, "hall": None},
]}})  # fmt: skip


def feed(url: str = "https://127.0.0.1/feed", format: str = "ical", **fields: Any) -> Feed:
    row = {"id": "test", "format": format, "url": url, "publisher": {"en": "Test"}, "kind": "fair", **fields}
    if format == "json":
        row.setdefault("json", {"items": "data.list", "id": "no", "title": "name", "start": "from", "end": "to", "link": "page.url", "place": "hall"})
    return feed_of(row)

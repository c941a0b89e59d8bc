"""A tiny knowledge in both languages, as the YAML that an editor would write. Tests write it into a folder, some of them with one fault in it."""

from __future__ import annotations

from pathlib import Path
from typing import Mapping

EXTENSION = "articles/procedure/procedure-extension.yaml"
CARD = "articles/procedure/procedure-residence-card.yaml"
DEPENDENT = "articles/status/status-dependent.yaml"
STUDENT = "articles/status/status-student.yaml"
BROKER = "articles/warning/warning-broker.yaml"
FACTS = "facts/facts.yaml"
CHOICES = "choices.yaml"
MORE = "questions/status-student.yaml"

FILES: Mapping[str, str] = {
    "domains.yaml": """\
- {domain: www.moj.go.jp, path: /isa/, publisher: {en: Immigration Services Agency, ja: 出入国在留管理庁}}
- {domain: www.moj.go.jp, path: /, publisher: {en: Ministry of Justice, ja: 法務省}}
""",
    "aspects.yaml": """\
- {id: what, label: {en: What it is, ja: どんなものか}}
- {id: documents, label: {en: Documents, ja: 必要書類}}
- {id: fee, label: {en: Fee, ja: 手数料}}
- {id: deadline, label: {en: Deadline, ja: 期限}}
- {id: activity, label: {en: What work is allowed, ja: できる活動}}
- {id: lost, label: {en: Lost or damaged, ja: 紛失・汚損}}
- {id: safety, label: {en: Safety first, ja: 身を守るために}}
""",
    "concepts.yaml": """\
- {id: papers, words: {en: [document, paper], ja: [書類, しょるい]}}
- {id: cost, words: {en: [cost, fee, how much], ja: [手数料, 費用, いくら]}}
- {id: lose, words: {en: [lose, lost], ja: [なくす, 紛失]}}
""",
    CHOICES: """\
- id: visa
  names: {en: [visa, visas], ja: [ビザ]}
  ask: {en: What about the visa?, ja: ビザの何についてですか}
  options:
  - {label: {en: Renewing it, ja: 更新する}, target: procedure-extension#papers}
  - {label: {en: A family member, ja: 家族を呼ぶ}, target: status-dependent}
  - {label: {en: Going to school, ja: 学校に通う}, target: status-student}
""",
    FACTS: """\
- id: fee.extension
  value: {en: "4,000 yen", ja: "4,000円"}
  url: https://www.moj.go.jp/isa/fees.html
  checked: 2025-01-10
  valid_to: 2025-03-31
  confidence: high
- id: fee.extension
  value: {en: "6,000 yen", ja: "6,000円"}
  url: https://www.moj.go.jp/isa/fees.html
  checked: 2026-02-01
  valid_from: 2025-04-01
  review_by: 2026-06-30
  confidence: medium
- id: phone.isa
  value: {en: "0570-013904", ja: "0570-013904"}
  url: https://www.moj.go.jp/isa/phone.html
  checked: 2026-03-01
  confidence: high
- id: hours.isa
  value: {en: "weekdays 8:30–17:15", ja: "平日8時30分～17時15分"}
  url: https://www.moj.go.jp/isa/phone.html
  checked: 2026-03-01
  confidence: high
""",
    "outside/en.yaml": """\
inside: [how much is it, what do I need, and if I am late]
outside:
- how is the weather in Osaka today
- will the weather be nice on Sunday
- tell me a joke
- best ramen near the station
- who won the football game yesterday
""",
    "outside/ja.yaml": """\
inside: [いくらですか, 何がいりますか, 遅れたらどうなりますか]
outside:
- 明日の天気は
- 大阪の天気を教えて
- 面白い話をして
- おいしいラーメン屋はどこ
- 昨日の試合の結果は
""",
    MORE: """\
part-time:
  en: [how many hours for a side job]
  ja: [何時間まで働けるか]
school-ended:
  ja: [学校をやめました]
""",
    EXTENSION: """\
id: procedure-extension
kind: procedure
title: {en: Extension of the period of stay, ja: 在留期間の更新}
names:
  en: [extension of stay, visa renewal, extension]
  ja: [在留期間更新, 期間更新]
related: [status-dependent]
sources:
  isa:
    url: https://www.moj.go.jp/isa/extension.html
    title: {en: Application for extension, ja: 在留期間更新許可申請}
    checked: 2026-03-10
    seen: read
units:
- id: papers
  aspect: documents
  q: {en: Which papers does an extension need?, ja: 在留期間の更新に必要な書類は}
  ask:
    en: [what documents do i bring to renew, list of paperwork for renewing]
    ja: [更新のとき何を持っていきますか, 更新の書類を教えて]
  answer:
    en: You need the application form, one photo and your passport.
    ja: 申請書、写真1枚、旅券が必要です。
  source: isa
  confidence: high
  next: [price, status-dependent#papers]
- id: price
  aspect: fee
  q: {en: How much is the extension?, ja: 在留期間の更新の手数料は}
  ask:
    en: [cost of renewing, what do i pay when i renew]
    ja: [更新はいくらですか, 更新の費用]
  answer:
    en: The extension costs {fee.extension}, paid when you receive the new card.
    ja: 更新の手数料は{fee.extension}で、新しいカードを受け取るときに払います。
  source: isa
  confidence: high
- id: latest-day
  aspect: deadline
  q: {en: By when must I ask for an extension?, ja: 在留期間の更新はいつまでですか}
  ask:
    en: [last day for renewing, my period ends soon]
    ja: [更新の期限はいつ, 期限までに間に合いますか]
  answer:
    en: You must ask before the last day of your period of stay.
    ja: 在留期間の最後の日までに申請してください。
  source: isa
  confidence: high
""",
    CARD: """\
id: procedure-residence-card
kind: procedure
title: {en: Residence card, ja: 在留カード}
names:
  en: [residence card, zairyu card]
  ja: [在留カード, zairyuu kaado]
sources:
  isa:
    url: https://www.moj.go.jp/isa/card.html
    title: {en: Residence card, ja: 在留カードとは}
    checked: 2026-03-10
    seen: read
units:
- id: lost
  aspect: lost
  q: {en: I lost my residence card, ja: 在留カードをなくしました}
  ask:
    en: [card gone after a night out, someone took my card]
    ja: [カードが見つからない, カードを盗まれた]
  answer:
    en: Tell the police, then ask immigration for a new card within 14 days.
    ja: 警察に届けてから、14日以内に入管で再交付を申請してください。
  source: isa
  confidence: high
- id: carrying
  aspect: what
  q: {en: Must I always carry the residence card?, ja: 在留カードはいつも持ち歩きますか}
  ask:
    en: [leave the card at home while jogging, police asked to see it]
    ja: [家に置いて出かけてもいいですか, 警官に見せてと言われた]
  answer:
    en: Yes, from the age of 16 you always carry it.
    ja: はい、16歳以上の方はいつも持っていてください。
  source: isa
  confidence: high
""",
    DEPENDENT: """\
id: status-dependent
kind: status
title: {en: Dependent, ja: 家族滞在}
names:
  en: [dependent visa, dependent status, dependent]
  ja: [家族滞在, 家族ビザ]
sources:
  isa:
    url: https://www.moj.go.jp/isa/dependent.html
    title: {en: Dependent, ja: 在留資格「家族滞在」}
    checked: 2025-12-01
    seen: cited
units:
- id: meaning
  aspect: what
  q: {en: Who counts as family?, ja: 家族滞在とは何ですか}
  ask:
    en: [my wife and child want to live with me, bringing a spouse along]
    ja: [妻と子どもを呼びたい, 配偶者と一緒に住みたい]
  answer:
    en: Dependent is the status of the spouse and children of a worker or student.
    ja: 家族滞在は、働く人や学生の配偶者と子どもの在留資格です。
  source: isa
  confidence: medium
- id: papers
  aspect: documents
  q: {en: Which papers does a dependent need?, ja: 家族滞在に必要な書類は}
  ask:
    en: [marriage certificate for my wife, proof for my child]
    ja: [妻の婚姻証明書は必要ですか, 子どもの出生証明書]
  answer:
    en: Dependents need proof of the family tie, such as a marriage certificate.
    ja: 家族滞在では、婚姻証明書など家族の関係を示す書類が必要です。
  source: isa
  confidence: low
- id: price
  aspect: fee
  q: {en: How much is the dependent status?, ja: 家族滞在の手数料は}
  ask:
    en: [cost for my child, what do i pay when my wife comes]
    ja: [妻の分はいくらですか, 子どもの費用]
  answer:
    en: The certificate that brings a dependent to Japan is free.
    ja: 家族を呼ぶための認定証明書に手数料はかかりません。
  source: isa
  confidence: high
""",
    STUDENT: """\
id: status-student
kind: status
title: {en: Student, ja: 留学}
names:
  en: [student visa, student status]
  ja: [留学, 留学ビザ]
sources:
  isa:
    url: https://www.moj.go.jp/isa/student.html
    title: {en: Student, ja: 在留資格「留学」}
    checked: 2026-03-10
    seen: read
units:
- id: part-time
  aspect: activity
  q: {en: May I work part-time with a student visa?, ja: 留学でアルバイトできますか}
  ask:
    en: [job at a convenience store after class, shifts during my studies]
    ja: [学校のあとコンビニで働きたい, 授業の間のバイト]
  answer:
    en: Students need a permit first, and then may work 28 hours a week.
    ja: 留学の方は、まず許可を受ければ、週28時間まで働けます。
  source: isa
  confidence: high
  valid_from: 2026-04-01
- id: school-ended
  aspect: what
  q: {en: What happens to a student visa after school?, ja: 卒業したら留学はどうなりますか}
  ask:
    en: [graduated in march and still here, finished university]
    ja: [三月に卒業しました, 大学を終えました]
  answer:
    en: After school you change to another status.
    ja: 卒業したら、ほかの在留資格に変更します。
  source: isa
  confidence: high
""",
    BROKER: """\
id: warning-broker
kind: warning
title: {en: Fake brokers, ja: 偽のブローカー}
names:
  en: [fake broker, broker]
  ja: [ブローカー, 偽ブローカー]
sources:
  moj:
    url: https://www.moj.go.jp/warning.html
    title: {en: Warning, ja: ご注意ください}
    checked: 2026-03-10
    seen: read
units:
- id: passport-taken
  aspect: safety
  q: {en: A broker took my passport, ja: ブローカーに旅券を取られました}
  ask:
    en: [they hold my passport and want money, agent keeps my papers]
    ja: [パスポートを返してくれません, お金を払えと言われた]
  answer:
    en: Nobody may keep your passport. Call immigration on {phone.isa}.
    ja: 旅券をほかの人が預かることはできません。入管（{phone.isa}）に電話してください。
  source: moj
  confidence: high
""",
}


# What people send besides questions.
ODD_MESSAGES = (
    "",
    " ",
    "\u3000\n",
    "?",
    "🙂🙂",
    "👩\u200d👧",
    "1️⃣",
    "\x00\x01\x7f",
    "\u200b\u202e",
    "の",
    "a",
    "한국어",
    "ﷺ",
    "長い" * 5_000,
    "why " * 2_500,
    "a" * 10_000,
    "?!" * 5_000,
    "\n" * 10_000,
    "9" * 10_000,
    "ｶﾞ" * 5_000,
    "/restart",
    '/ask_fee{"subject":"x"}',
    "{fee.extension}",
    "{answer}",
    "%s %d",
    "<script>alert(1)</script>",
)


def ascii_start(text: object) -> str:
    """A short name of a message for the report of a test."""
    return ascii(text)[:16]


def write(folder: Path, changed: Mapping[str, str] | None = None) -> Path:
    """Writes the tiny knowledge, with some files replaced or added, and returns its folder."""
    for name, text in {**FILES, **(changed or {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder

"""The rule file: what it holds when it is right, and file, line and reason when it is not."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path

import pytest

from ner_engine.chatbot import Outcome, Rules, State, conclude, load_rules, respond
from ner_engine.chatbot.replies import Saying, choose, parse_template, render
from ner_engine.chatbot.rulefile.reading import default_rules_path, shipped_bots
from ner_engine.chatbot.turn.match import match_intents
from ner_engine.chatbot.vocabulary import HOURS_REPLIES, ORDER_REPLIES, PROBLEMS, REPLIES, TYPES
from ner_engine.errors import ConfigError

SHIPPED = default_rules_path().read_text(encoding="utf-8")
NOW = datetime(2026, 7, 23, 17, 0)

SMALL = """\
version: 2
name: small
facts:
  shop: 작은집
forms:
  visit:
    title: 방문
    opening: 네, 방문이요.
    slots:
      day:
        title: 날
        type: date
        label: DT
        ask: 언제요?
        retry: 날을 모르겠어요.
        problems: {vague: "며칠이요?", past: 지났어요., closed: 쉬어요., far: 멀어요.}
      memo:
        title: 메모
        type: text
        ask: 남기실 말씀은요?
        retry: 다시요.
    confirm: "{day}, {memo:으로/로} 할까요?"
    change: 무엇을 바꿀까요?
    unclear_confirm: 네, 아니요로요.
    done: "{day}에 봬요."
intents:
  visit: {do: start, form: visit, keywords: 방문}
  sure: {do: accept, exact: 네}
replies:
""" + "".join(f"  {name}: {name} 대답\n" for name in REPLIES if name not in ORDER_REPLIES | HOURS_REPLIES)


@pytest.fixture
def rule_file(tmp_path: Path) -> Path:
    return tmp_path / "rules.yaml"


def load(path: Path, source: str) -> Rules:
    path.write_text(source, encoding="utf-8")
    return load_rules(path)


def refused(path: Path, source: str) -> str:
    """The message with which a rule file is refused, its path cut to the file name."""
    with pytest.raises(ConfigError) as caught:
        load(path, source)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(path))
    return message.removeprefix(str(path))


def changed(old: str, new: str, source: str = SMALL) -> str:
    assert source.count(old) == 1, old
    return source.replace(old, new)


def line_of(source: str, text: str) -> int:
    return next(i for i, line in enumerate(source.split("\n"), start=1) if text in line)


def test_the_shipped_file() -> None:
    rules = load_rules()
    assert rules.name == "restaurant"
    assert set(rules.forms) == {"order", "reservation"}
    assert (rules.menu[0].name, rules.menu[0].price) == ("짜장면", 7000)
    assert [slot.type for slot in rules.forms["reservation"].slots][:4] == ["date", "time", "quantity", "person"]
    assert rules.facts["best"] == "짜장면, 짬뽕, 탕수육"
    assert rules.facts["closes"] == "밤 9시 반"


def test_the_line_of_an_intent_is_where_it_stands() -> None:
    lines = SHIPPED.split("\n")
    for intent in load_rules().intents:
        assert lines[intent.line - 1].lstrip().startswith(f"{intent.name}:")


def test_a_small_file_without_menu_or_hours_works(rule_file: Path) -> None:
    rules = load(rule_file, SMALL)
    state = State()
    said = []
    for text in ("방문할게요", "내일", "창가 자리요", "네"):
        turn = respond(rules, state, text, [], now=NOW)
        after = conclude(rules, turn.state, {call.id: Outcome() for call in turn.actions}, now=NOW)
        state = after.state
        said.append(f"{turn.reply}{after.reply}")
    assert said == [
        "네, 방문이요. 언제요?",
        "noted 대답 남기실 말씀은요?",
        "noted 대답 7월 24일 금요일, 창가 자리로 할까요?",
        "7월 24일 금요일에 봬요.",
    ]


VISIT = "{do: start, form: visit, keywords: 방문}"
SURE = "{do: accept, exact: 네}"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("version: 2", "version: 3", "version: expected format 2; got 3"),
        ("version: 2", "version: 1", "version: expected format 2; got 1 (since then: a key name, "),
        ("version: 2", "version: '2'", "version: expected a whole number; got text (2)"),
        ("name: small", "name: Small Bot", "name: expected a name of small letters, digits and hyphens"),
        ("  shop: 작은집", "  shop: 7", "facts.shop: expected text; got number (7); put it in quotes"),
        ("  shop: 작은집", "  shop:", "facts.shop: expected text; got nothing"),
        ("  shop: 작은집", "  shop: ' '", "facts.shop: expected text; got an empty one"),
        ("  shop: 작은집", "  shop: [가, 나]", "facts.shop: expected text; got list"),
        ("    title: 방문", "    titel: 방문", "forms.visit.titel: unknown key; expected one of title, opening"),
        ("        type: date", "        type: day", "forms.visit.slots.day.type: expected one of items, date"),
        ("        label: DT", "        label: dt", "label: expected an entity label such as DT; got 'dt'"),
        ("        label: DT", "        units: [명]", "forms.visit.slots.day.units: unknown key"),
        ("    done: \"{day}에 봬요.\"", "    done: \"{dya}에 봬요.\"", "forms.visit.done: unknown gap {dya}"),
        ("        ask: 언제요?", "        ask: \"{day} 언제요?\"", "unknown gap {day}; expected one of shop"),
        ("{memo:으로/로}", "{memo:으러/러}", "particle pair: expected one of 을/를"),
        ("    change: 무엇을", "    change: 무엇}을", "forms.visit.change: stray '}' in a reply"),
        (VISIT, "{do: go, keywords: 방문}", "intents.visit.do: expected one of reply"),
        (VISIT, "{do: start, keywords: 방문}", "the key 'form' belongs to 'do: start'"),
        (VISIT, "{do: start, form: vist, keywords: 방문}", "of visit; got 'vist'"),
        (VISIT, "{do: start, form: visit}", "expected at least one of exact, keywords"),
        (VISIT, "{do: start, form: visit, patterns: '방문('}", "does not compile"),
        (VISIT, "{do: start, form: visit, keywords: []}", "got an empty one"),
        (SURE, "{do: accept, exact: 네, when: later}", "intents.sure.when: expected one of idle"),
        (SURE, "{do: accept, exact: no}", "expected text; got true/false (no); put it in quotes"),
        (SURE, "{do: price, exact: 네}", "'do: price' needs a menu"),
        (SURE, "{do: open_now, exact: 네}", "'do: open_now' needs hours"),
        (SURE, "{do: reply, exact: 네}", "the key 'say' belongs to 'do: reply'"),
        (SURE, "{do: reply, exact: 네, say: '{FOOD} 좋죠'}", "at least one wording must do without"),
        (SURE, "{do: accept, entities: {FOOD: 많이}}", "expected a whole number; got text (많이)"),
        (SURE, "{do: accept, exact: 네, exact: 예}", "the key 'exact' stands here twice; first on line"),
        (SURE, "네", "intents.sure: expected a mapping (key: value); got text (네)"),
        ("  empty: empty 대답\n", "", "replies: the key 'empty' is missing"),
        ("  empty: empty 대답\n", "  empty: '{guess}요'\n", "replies.empty: unknown gap {guess}"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_its_line(rule_file: Path, old: str, new: str, reason: str) -> None:
    source = changed(old, new)
    message = refused(rule_file, source)
    assert reason in message
    line = int(message.split(":")[1])
    assert line == (line_of(source, "replies:") if not new else SMALL[: SMALL.index(old)].count("\n") + 1)


EVERYTHING = (Path(__file__).parent / "bots" / "everything.yaml").read_text(encoding="utf-8")


def test_every_type_of_slot_has_its_problems_and_can_be_read(rule_file: Path) -> None:
    rules = load(rule_file, EVERYTHING)
    assert {slot.type for form in rules.forms.values() for slot in form.slots} == set(TYPES) == set(PROBLEMS)
    back, table = rules.forms["visit"].slot("back"), rules.forms["visit"].slot("table")
    assert back is not None
    assert table is not None
    assert (back.labels, back.opens, back.step_minutes, back.hours) == (("DT", "TI"), time(10), 10, None)
    assert (table.labels, table.least, table.most, table.optional) == (("QT",), 1, 30, True)
    stay = rules.forms["visit"].slot("stay")
    assert stay is not None
    assert (stay.shortest, stay.longest) == (1800, 7200)
    hours = rules.hours
    assert hours is not None
    assert hours.breaks == ((time(15), time(16)),)
    assert hours.on(date(2026, 7, 25)) == (time(10), time(14))
    assert rules.limits.max_chars == 200
    assert rules.actions["track"].timeout_s == 5
    outcomes = rules.forms["order"].outcomes
    assert (outcomes["sold_out"].clear, outcomes["far"].hand_over, outcomes["later"].start) == (
        ("items",), True, "visit",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('  open: "10:00"', "  open: 10:00", "hours.open: expected text; got number (10:00); put it in quotes"),
        ('  open: "10:00"', '  open: "25:00"', "hours.open: expected a time such as"),
        ('  open: "10:00"', '  open: "22:00"', "hours: expected open to be before close"),
        ("closed: [월요일]\n  breaks", "closed: [월]\n  breaks", "expected one of 월요일, 화요일"),
        ("price: 4000", "price: 사천", "menu[1].price: expected a whole number; got text (사천)"),
        ("price: 4000", "price: -1", "expected a whole number of at least 0; got -1"),
        ("name: 라면", "name: 김밥", "menu[2]: the name '김밥' already stands for '김밥'"),
        ("name: 라면", "name: 꼬마 김밥", "menu[2]: the name '꼬마 김밥' already stands for '김밥'"),
        ("best: true", "best: ja", "menu[1].best: expected true or false; got text (ja)"),
        ("        max: 20", "        max: 0", "expected a whole number of at least 1; got 0"),
        ("        max: 20", "        min: 60", "the key 'min' stands here twice"),
        ("assume: 1\n        min: 1", "assume: 1\n        min: 60", "expected min to be at most max; got 60"),
        ('from: "11:00"', 'from: "21:00"', "expected from to be before to"),
        ("    more: ", "    mehr: ", "forms.order.mehr: unknown key"),
        ("name: everything", "nam: everything", "nam: unknown key; expected one of version, name"),
        ("misses: 3, ", "misses: -1, ", "limits.misses: expected a whole number of at least 0; got -1"),
        ("max_chars: 200", "max_chars: 0", "limits.max_chars: expected a whole number of at least 1; got 0"),
        ('breaks: [["15:00", "16:00"]]', 'breaks: [["16:00", "15:00"]]', "expected the first time to be before"),
        ('breaks: [["15:00", "16:00"]]', 'breaks: [["15:00"]]', "hours.breaks[1]: expected two times such as"),
        ("{토요일:", "{토욜:", "hours.days.토욜: expected one of 월요일, 화요일"),
        ("label: MEMBERSHIP,", "label: member,", "entities[1].label: expected an entity label such as DT"),
        ("'(?<!\\d)\\d{8}(?!\\d)'", "'(a+)+b'", "patterns[1].pattern: "),
        ("tests.bots.actions:deliver", "deliver", "expected package.module:function; got 'deliver'"),
        ("  deliver: {", "  record: {", "actions.record: expected a name of letters and digits other"),
        ('webhook: "https://example.com/track"', 'webhook: "ftp://a/b"', "begins with https:// or http://"),
        ("timeout_s: 2.5", "timeout_s: 0", "actions.deliver.timeout_s: expected a number above 0; got 0"),
        ("timeout_s: 2.5", "timeout_s: soon", "actions.deliver.timeout_s: expected a number; got text (soon)"),
        ("timeout_s: 2.5", "webhook: 'https://a.b'", "actions.deliver: expected one of python and webhook"),
        ("    action: deliver", "    action: delivre", "forms.order.action: expected one of deliver, track; got"),
        ("clear: [items]", "clear: [dishes]", "done.sold_out.clear[1]: expected one of items, place, sauces"),
        ("later: {start: visit}", "later: {start: vist}", "expected one of order, visit, tracking"),
        ("later: {start: visit}", "later: {}", "expected at least one of say, clear, hand_over, start"),
        ("    done: 방문 예약됐어요.", "    done: {late: 늦었어요.}", "visit.done: the key 'ok' is missing"),
        ("    done: 방문 예약됐어요.", "    done: {ok: 네., late: 네.}", "without an action there is no outcome"),
        ("most: 2\n", "most: 0\n", "sauces.most: expected a whole number of at least 1; got 0"),
        ("{name: 고추장, say: 고추장 소스}", "{name: 진간장}", "the name '진간장' already stands for '간장'"),
        ("{name: 고추장, say: 고추장 소스}", "{name: 간장}", "options[2]: the option '간장' is given twice"),
        (", too_many: \"{most}가지까지 돼요.\"", "", "sauces.problems: the key 'too_many' is missing"),
        ("default: 내일", "default: 언젠가", "date.default: '언젠가' is no answer to a slot of type date"),
        ("min: PT30M", "min: 30분", "stay.min: expected a length of time such as PT30M or P2D; got '30분'"),
        ("min: PT30M", "min: PT3H", "forms.visit.slots.stay: expected min to be at most max"),
        ("step_minutes: 30", "step_minutes: 50", "step_minutes: expected minutes that make up a day; got 50"),
        ("step: 반 시간마다 받아요.", "stop: 네.", "forms.visit.slots.time.problems.stop: unknown key"),
        ("break: 쉬는 시간이에요., ", "", "forms.visit.slots.time.problems: the key 'break' is missing"),
        ("holiday: 공휴일이에요., ", "", "forms.visit.slots.date.problems: the key 'holiday' is missing"),
        ("{before: [예약자], after: [이름으로]}", "{}", "name.role: expected before or after"),
        ("form: phone", "form: fax", "phone_number.form: expected one of phone, email; got 'fax'"),
        ("show: last4\n        when", "show: all\n        when", "card.show: expected one of last4"),
        ("when: {member: [네]}", "when: {member: [가끔]}", "card.when.member: expected one of 네, 아니요"),
        ("when: {member: [네]}", "when: {memo: [네]}", "expected a slot that stands before this one; got 'memo'"),
        ("optional: true\n        ask: 몇", "optional: 'yes'\n        ask: 몇", "expected true or false"),
        ("{do: skip, exact:", "{do: skipp, exact:", "intents.leave_out.do: expected one of reply"),
    ],
)  # fmt: skip
def test_a_file_with_everything_with_a_slip(rule_file: Path, old: str, new: str, reason: str) -> None:
    source = changed(old, new, EVERYTHING)
    message = refused(rule_file, source)
    assert reason in message
    assert 1 <= int(message.split(":")[1]) <= source.count("\n")


def test_a_bot_without_a_menu_or_hours_needs_no_texts_for_them(rule_file: Path) -> None:
    assert not {"added", "open_now"} & set(load(rule_file, SMALL).replies)
    with_hours = changed("facts:\n", 'hours: {open: "09:00", close: "18:00"}\nfacts:\n')
    assert "replies: the key 'open_now' is missing" in refused(rule_file, with_hours)


def test_hours_belong_to_a_file_that_states_them(rule_file: Path) -> None:
    source = changed("        label: DT", "        hours: true")
    assert "day.hours: the rule file states no hours" in refused(rule_file, source)


@pytest.mark.parametrize("name", shipped_bots())
def test_the_shipped_bots_are_found_by_name(name: str) -> None:
    rules = load_rules(name)
    assert rules.name == name
    assert Path(rules.path).name == f"{name}.yaml"


def test_a_wording_that_tells_more_is_preferred() -> None:
    texts = ("도착했어요.", "{place}에 도착했어요.")
    saying = Saying("done", tuple(map(parse_template, texts)), free=frozenset({"place"}))
    told = [render(choose(saying, {"place": "문 앞"}, used=i, seed=0), {"place": "문 앞"}) for i in range(2)]
    assert told == ["문 앞에 도착했어요."] * 2
    assert render(choose(saying, {}, used=0, seed=0), {}) == "도착했어요."


def test_unreadable_files(tmp_path: Path) -> None:
    missing = tmp_path / "none.yaml"
    with pytest.raises(ConfigError, match="cannot read the rule file"):
        load_rules(missing)
    with pytest.raises(ConfigError, match="cannot read the rule file"):
        load_rules(tmp_path)
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("version: 1 # 가".encode("cp949"))
    with pytest.raises(ConfigError, match="expected UTF-8 text; byte 13"):
        load_rules(latin)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("", ": expected rules; the file is empty"),
        ("version: 1\n\tfacts: {}\n", ":2: not valid YAML"),
        ("version: [1\n", ":2: not valid YAML"),
        ("- a\n", ":1: rule file: expected a mapping"),
        ("version: 1\n---\nversion: 1\n", ":2: not valid YAML"),
        ("version: *nobody\n", ":1: not valid YAML"),
        ("version: '\x07'\n", ": not valid YAML"),
        ("? [a]\n: 1\n", "expected a plain name as the key"),
    ],
)
def test_what_is_no_rule_file(rule_file: Path, source: str, reason: str) -> None:
    assert reason in refused(rule_file, source)


def test_templates() -> None:
    template = parse_template("{food:을/를} {n}개 {{그대로}}")
    assert template.names == {"food", "n"}
    assert render(template, {"food": "짬뽕", "n": "2"}) == "짬뽕을 2개 {그대로}"
    assert render(template, {"food": "콜라", "n": "1"}) == "콜라를 1개 {그대로}"


@pytest.mark.parametrize("text", ["{", "}", "{}", "{a", "{a:}", "{a:을}", "{{a}", "{a:을/를/을}"])
def test_templates_that_are_none(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_template(text)


def test_wordings_take_turns_and_those_without_their_value_are_passed_over() -> None:
    saying = Saying("key", tuple(parse_template(text) for text in ("하나", "{FOOD} 둘", "셋")))
    bare = [render(choose(saying, {}, used=i, seed=0), {}) for i in range(4)]
    assert bare == ["하나", "셋", "하나", "셋"]
    values = {"FOOD": "짬뽕"}
    full = [render(choose(saying, values, used=i, seed=0), values) for i in range(4)]
    assert full == ["하나", "짬뽕 둘", "셋", "하나"]


def test_a_keyword_begins_a_word_unless_starred(rule_file: Path) -> None:
    rules = load(rule_file, SMALL)

    def starts(text: str, source: Rules) -> bool:
        return any(hit.intent.name == "visit" for hit in match_intents(source.intents, text, [], context="idle"))

    assert starts("방문할게요", rules)
    assert starts("내일,방문", rules)
    assert not starts("재방문할게요", rules)
    starred = load(rule_file, changed("keywords: 방문}", 'keywords: "*방문"}'))
    assert starts("재방문할게요", starred)
    spaced = load(rule_file, changed("keywords: 방문}", "keywords: 방문 예약}"))
    assert starts("방문예약이요", spaced)
    assert starts("방문  예약이요", spaced)


def test_scores_are_what_the_file_says(rule_file: Path) -> None:
    source = changed(
        "  sure: {do: accept, exact: 네}",
        "  sure: {do: accept, exact: 네, keywords: 네, patterns: '^네', priority: 2}\n"
        "  other: {do: accept, patterns: '^네', priority: 5}\n"
        "  never: {do: accept, patterns: '^네', unless: '요$'}\n"
        "  later: {do: accept, patterns: '^네', when: confirm}",
    )
    rules = load(rule_file, source)
    scores = {h.intent.name: h.score for h in match_intents(rules.intents, "네!!", [], context="idle")}
    assert scores == {"sure": 6, "other": 4, "never": 4}
    ranked = [h.intent.name for h in match_intents(rules.intents, "네 맞아요", [], context="confirm")]
    assert ranked == ["other", "sure", "later"]


def test_a_rule_file_may_leave_the_count_to_be_asked(rule_file: Path) -> None:
    rules = load(rule_file, "\n".join(line for line in SHIPPED.split("\n") if "assume: 1" not in line))
    first = respond(rules, State(), "짬뽕이랑 콜라 두 병 주세요", [], now=NOW)
    assert first.reply == "콜라 2병 담았어요. 짬뽕은 몇 그릇 드릴까요?"
    second = respond(rules, first.state, "셋이요", [], now=NOW)
    assert [(item.name, item.count) for item in second.state.drafts[0].items] == [("콜라", 2), ("짬뽕", 3)]


@pytest.mark.parametrize(
    ("hour", "reply"),
    [(9, "지금은 닫았어요."), (12, "지금 열려 있어요."), (15, "지금은 닫았어요."), (23, "지금은 닫았어요.")],
)
def test_the_clock_of_the_hours(rule_file: Path, hour: int, reply: str) -> None:
    rules = load(rule_file, EVERYTHING)
    now = datetime.combine(date(2026, 7, 23), time(hour))
    assert respond(rules, State(), "지금 하나요?", [], now=now).reply == reply

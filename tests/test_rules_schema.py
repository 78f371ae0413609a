"""The published JSON Schema of rule files, held against the reader: neither may know what the other does not.

What the reader takes is not written down here a second time: its calls are watched while it reads files that use
everything there is.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from ner_engine.chatbot.rulefile.document import Doc, open_document
from ner_engine.chatbot.rulefile.reading import load_rules, shipped_bots
from ner_engine.chatbot.rules import Limits, Slot
from ner_engine.chatbot.schema import schema_path
from ner_engine.chatbot.vocabulary import ACTS, CONTEXTS, PROBLEMS, REPLIES, TYPES
from ner_engine.errors import ConfigError

EVERYTHING = Path(__file__).parent / "bots" / "everything.yaml"
SCHEMA: dict[str, Any] = json.loads(schema_path().read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
GONE = object()


def plain(node: yaml.Node) -> Any:
    """What an editor makes of a YAML value: keys as they are written, no dates, no yes for true."""
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [plain(value) for value in node.value]
    kind = str(node.tag).rsplit(":", 1)[-1]
    if kind == "bool" and str(node.value).lower() in ("true", "false"):
        return str(node.value).lower() == "true"
    return {"int": int, "float": float}.get(kind, str)(node.value) if kind != "null" else None


def document(path: str | Path) -> Any:
    return plain(open_document(path).node)


def complaints(value: Any) -> list[str]:
    return [f"{e.json_path}: {e.message}" for e in VALIDATOR.iter_errors(value)]


def edited(value: Any, path: str, new: object) -> Any:
    """A copy with one value replaced, added or (GONE) removed. A path is ``forms/order/slots``."""
    out = copy.deepcopy(value)
    *way, last = [int(key) if key.isdecimal() else key for key in path.split("/")]
    inner = out
    for key in way:
        inner = inner[key]
    if new is GONE:
        del inner[last]
    else:
        inner[last] = new
    return out


@pytest.fixture(scope="module")
def everything() -> Any:
    return document(EVERYTHING)


def reads(value: Any, tmp_path: Path) -> bool:
    path = tmp_path / "bot.yaml"
    path.write_text(yaml.safe_dump(value, allow_unicode=True, sort_keys=False), encoding="utf-8")
    try:
        load_rules(path)
    except ConfigError:
        return False
    return True


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"].endswith("2020-12/schema")


@pytest.mark.parametrize("bot", shipped_bots())
def test_shipped_bots_fit(bot: str) -> None:
    path = load_rules(bot).path
    assert complaints(document(path)) == []
    first = Path(path).read_text(encoding="utf-8").split("\n", 1)[0]
    target = first.removeprefix("# yaml-language-server: $schema=")
    assert (Path(path).parent / target).resolve() == schema_path().resolve()


def test_a_file_with_everything_fits(everything: Any, tmp_path: Path) -> None:
    assert complaints(everything) == []
    load_rules(EVERYTHING)
    assert reads(everything, tmp_path)  # and it is still itself after a round through plain values


# --- the same keys ------------------------------------------------------------------------------------------


def applying(schema: Any, value: Any) -> Iterator[Any]:
    """The schemas that judge a value: through references, conditions and the alternatives that fit it."""
    if not isinstance(schema, dict):
        return
    yield schema
    if "$ref" in schema:
        yield from applying(SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")], value)
    for inner in schema.get("allOf", ()):
        yield from applying(inner, value)
    for inner in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        if VALIDATOR.evolve(schema=inner).is_valid(value):
            yield from applying(inner, value)
    if "if" in schema:
        branch = "then" if VALIDATOR.evolve(schema=schema["if"]).is_valid(value) else "else"
        yield from applying(schema.get(branch), value)


def schemas_at(place: str, document: Any) -> tuple[list[Any], Any]:
    """The schemas that judge the value at a place of the reader (``menu[2].name``), and that value."""
    schemas, value = list(applying(SCHEMA, document)), document
    for key, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", place):
        inner = []
        for schema in schemas:
            if index and "prefixItems" in schema:
                inner.append(schema["prefixItems"][int(index) - 1])
            elif index and "items" in schema:
                inner.append(schema["items"])
            elif key in schema.get("properties", {}):
                inner.append(schema["properties"][key])
            elif key and isinstance(schema.get("additionalProperties"), dict):
                inner.append(schema["additionalProperties"])
        value = value[int(index) - 1] if index else value[key]
        schemas = [one for schema in inner for one in applying(schema, value)]
    return schemas, value


@dataclasses.dataclass
class Watched:
    """What the reader asked for, by place."""

    fields: dict[str, tuple[set[str], set[str]]] = dataclasses.field(default_factory=dict)
    choices: dict[str, set[str]] = dataclasses.field(default_factory=dict)


@pytest.fixture(scope="module")
def watched() -> dict[str, Watched]:
    """The reader's calls for every file, by path."""
    found: dict[str, Watched] = {}
    with pytest.MonkeyPatch.context() as patch:
        fields, choice = Doc.fields, Doc.choice

        def watching_fields(self: Doc, *, required: Any = (), optional: Any = ()) -> Any:
            found[self.path].fields[self.place] = (set(required), {*required, *optional})
            return fields(self, required=required, optional=optional)

        def watching_choice(self: Doc, allowed: Any) -> str:
            found[self.path].choices[self.place] = set(allowed)
            return choice(self, allowed)

        patch.setattr(Doc, "fields", watching_fields)
        patch.setattr(Doc, "choice", watching_choice)
        for path in (str(EVERYTHING), *(load_paths())):
            found[path] = Watched()
            load_rules(path)
    return found


def load_paths() -> list[str]:
    folder = schema_path().parent / "bots"
    return [str(folder / f"{bot}.yaml") for bot in shipped_bots()]


def test_every_type_of_slot_is_looked_at(everything: Any) -> None:
    used = {slot["type"] for form in everything["forms"].values() for slot in form["slots"].values()}
    assert used == set(TYPES)


def test_the_schema_has_the_keys_of_the_reader(watched: dict[str, Watched]) -> None:
    looked_at = 0
    for path, seen in watched.items():
        whole = document(path)
        for place, (_, allowed) in seen.fields.items():
            schemas, _ = schemas_at(place, whole)
            closed = [set(s.get("properties", ())) for s in schemas if s.get("additionalProperties") is False]
            barred = {key for s in schemas for key, one in s.get("properties", {}).items() if one is False}
            assert len(closed) == 1, f"{path}: {place}"
            assert closed[0] - barred <= allowed <= closed[0], f"{path}: {place}"
            looked_at += 1
    assert looked_at > 100


def test_the_schema_demands_what_the_reader_demands(watched: dict[str, Watched]) -> None:
    """Each key the reader must have is taken away in turn."""
    whole = document(EVERYTHING)
    for place, (required, _) in watched[str(EVERYTHING)].fields.items():
        way = "".join(f"/{key or int(i) - 1}" for key, i in re.findall(r"([^.\[\]]+)|\[(\d+)\]", place))
        for key in sorted(required):
            without = edited(whole, f"{way}/{key}".removeprefix("/"), GONE)
            assert not VALIDATOR.is_valid(without), f"{place}: {key}"


def test_the_schema_has_the_choices_of_the_reader(watched: dict[str, Watched]) -> None:
    open_sets = ("form", "action", "start", "clear")  # names the file itself makes
    for path, seen in watched.items():
        whole = document(path)
        for place, allowed in seen.choices.items():
            schemas, _ = schemas_at(place, whole)
            offered = [set(s["enum"]) for s in schemas if "enum" in s]
            own = re.sub(r"\[\d+\]", "", place).rsplit(".", 1)[-1]
            if own in open_sets and not offered:
                continue
            assert allowed in offered, f"{path}: {place}"


def test_the_tables_of_the_code_are_in_the_schema() -> None:
    defs = SCHEMA["$defs"]
    assert set(defs["intent"]["properties"]["do"]["enum"]) == set(ACTS)
    assert set(defs["context"]["enum"]) == set(CONTEXTS)
    assert set(defs["replies"]["properties"]) == set(REPLIES)
    assert {name.removeprefix("slot_") for name in defs if name.startswith("slot_")} >= set(TYPES)


def gaps(description: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", description))


def test_descriptions_name_the_values_a_reply_may_use() -> None:
    for name, values in REPLIES.items():
        assert gaps(SCHEMA["$defs"]["replies"]["properties"][name]["description"]) == values, name
    for slot_type, problems in PROBLEMS.items():
        texts = SCHEMA["$defs"][f"slot_{slot_type}"]["properties"]["problems"]["properties"]
        for kind, values in problems.items():
            described = SCHEMA["$defs"][texts[kind]["$ref"].removeprefix("#/$defs/")]["description"]
            assert gaps(described) - {"guess"} == values, f"{slot_type}: {kind}"


def test_defaults_are_those_of_the_code() -> None:
    limits = SCHEMA["$defs"]["limits"]["properties"]
    assert {name: value["default"] for name, value in limits.items()} == dataclasses.asdict(Limits())
    fields = {field.name: field.default for field in dataclasses.fields(Slot)}
    for slot_type, key, field in (
        ("date", "within_days", "within_days"),
        ("date", "holidays", "holidays"),
        ("time", "step_minutes", "step_minutes"),
        ("contact", "form", "contact"),
        ("place", "address", "address"),
        ("quantity", "min", "least"),
        ("quantity", "max", "most"),
        ("text", "min_chars", "min_chars"),
    ):
        assert SCHEMA["$defs"][f"slot_{slot_type}"]["properties"][key]["default"] == fields[field], key
    assert SCHEMA["$defs"]["slot_most"]["default"] == fields["most_values"]


def test_every_key_is_described_in_korean() -> None:
    def described(schema: Any) -> bool:
        if "description" in schema:
            return re.search("[가-힣]", schema["description"]) is not None
        return "$ref" in schema and described(SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")])

    for name, schema in {"": SCHEMA, **SCHEMA["$defs"]}.items():
        for key, inner in schema.get("properties", {}).items():
            assert described(inner) or "const" in inner or schema.get("description"), f"{name}.{key}"


# --- the same verdicts --------------------------------------------------------------------------------------

ORDER, VISIT = "forms/order", "forms/visit"
BROKEN: list[tuple[str, object]] = [
    ("version", 1),
    ("version", "2"),
    ("version", GONE),
    ("name", "Everything"),
    ("name", "온갖가게"),
    ("name", GONE),
    ("titel", "온갖"),
    ("facts/shop", 3),
    ("facts/shop", "  "),
    ("facts", ["온갖가게"]),
    ("limits/max_chars", 0),
    ("limits/misses", -1),
    ("limits/retries", 3),
    ("limits/minutes", "60"),
    ("hours/open", "25:00"),
    ("hours/open", 660),
    ("hours/close", GONE),
    ("hours/closed", ["월"]),
    ("hours/closed", []),
    ("hours/breaks", ["15:00", "16:00"]),
    ("hours/breaks/0", ["15:00"]),
    ("hours/days", {"토": ["10:00", "14:00"]}),
    ("hours/holidays", "true"),
    ("hours/holidays", ["추석", "동지"]),
    ("hours/holidays", []),
    ("hours", GONE),
    ("menu/0/price", "4000"),
    ("menu/0/price", -1),
    ("menu/0/prize", 4000),
    ("menu", []),
    ("menu", GONE),
    ("entities/0/label", "membership"),
    ("entities/0/synonyms", []),
    ("patterns/0/pattern", GONE),
    ("patterns/0/regex", "a"),
    ("actions/deliver/webhook", "https://example.com"),
    ("actions/deliver/secret_env", "SECRET"),
    ("actions/track/webhook", "ftp://example.com"),
    ("actions/track/timeout_s", 0),
    ("actions/record", {"python": "a:b"}),
    ("actions/deliver/python", "tests.bots.actions.deliver"),
    ("forms/order/slots/items/count_label", GONE),
    ("forms/order/slots/items/many", True),
    ("forms/order/slots/items/within_days", 3),
    ("forms/order/slots/items/problems/far", "멀어요."),
    ("forms/order/slots/sauces/options", []),
    ("forms/order/slots/sauces/options/0/price", 100),
    ("forms/order/slots/sauces/problems/too_many", GONE),
    ("forms/order/slots/sauces/many", False),
    ("forms/order/slots/sauces/type", "enum"),
    ("forms/order/slots/sauces/type", GONE),
    ("forms/order/slots/place/problems", GONE),
    ("forms/order/more", GONE),
    ("forms/order/change", GONE),
    ("forms/order/confirm", GONE),
    ("forms/order/done/far", {}),
    ("forms/order/done/later", {"begin": "visit"}),
    ("forms/order/slots", {}),
    ("forms/visit/slots/date/closed", ["월요일", "없는요일"]),
    ("forms/visit/slots/date/problems/far", GONE),
    ("forms/visit/slots/date/problems/closed", GONE),
    ("forms/visit/slots/date/step_minutes", 30),
    ("forms/visit/slots/date/optional", "yes"),
    ("forms/visit/slots/date/unasked", True),
    ("forms/visit/slots/time/problems/step", GONE),
    ("forms/visit/slots/time/problems/outside", GONE),
    ("forms/visit/slots/stay/min", "30분"),
    ("forms/visit/slots/stay/max", "P"),
    ("forms/visit/slots/party/min", 0),
    ("forms/visit/slots/party/problems/too_many", "너무 많아요."),
    ("forms/visit/slots/party/units", "  "),
    ("forms/visit/slots/name/role", {}),
    ("forms/visit/slots/name/role/between", ["이름"]),
    ("forms/visit/slots/phone_number/form", "fax"),
    ("forms/visit/slots/card/show", "first4"),
    ("forms/visit/slots/card/pattern", GONE),
    ("forms/visit/slots/memo/max_chars", 10),
    ("forms/visit/slots/1st", {"title": "첫째", "type": "text", "ask": "뭐예요?", "retry": "뭐예요?"}),
    ("forms/visit/more", "더요?"),
    ("forms/visit/done", {"error": "안 돼요."}),
    ("forms/visit/done", {"ok": "돼요.", "late": "늦었어요."}),
    ("intents/order/do", "begin"),
    ("intents/order/form", GONE),
    ("intents/order/say", "네."),
    ("intents/shop/say", GONE),
    ("intents/shop/form", "visit"),
    ("intents/shop/keywords", GONE),
    ("intents/order/entities/FOOD", -1),
    ("intents/order/entities", {"food": 3}),
    ("intents/visit/needs", "dt"),
    ("intents/visit/when", "always"),
    ("intents/order/urgent", True),
    ("intents/shop/urgent", "true"),
    ("forms/visit/slots/member/yes", {"name": "회원"}),
    ("forms/visit/slots/time/problems/break", GONE),
    ("forms/visit/slots/date/problems/holiday", GONE),
    ("intents/order/priority", -101),
    ("intents/order/priority", 1.5),
    ("replies/welcome", GONE),
    ("replies/hello", "안녕하세요."),
    ("replies/price", GONE),
    ("replies/open_now", []),
]  # fmt: skip


@pytest.mark.parametrize(("path", "new"), BROKEN, ids=[f"{path}={'-' if n is GONE else n}" for path, n in BROKEN])
def test_reader_and_schema_refuse(everything: Any, tmp_path: Path, path: str, new: object) -> None:
    broken = edited(everything, path, new)
    assert not reads(broken, tmp_path)
    assert complaints(broken)


SEEN_BY_THE_READER_ALONE: list[tuple[str, object]] = [
    ("hours/open", "21:00"),  # after the close
    ("menu/1/name", "꼬마김밥"),  # twice
    ("forms/order/slots/items/max", 0.5 * 2),  # 1.0 is a whole number to JSON
    ("forms/visit/slots/party/min", 11),  # more than max
    ("forms/visit/slots/card/when", {"memo2": ["네"]}),
    ("forms/visit/opening", "{nobody}"),
    ("forms/visit/opening", "{shop:을/은}"),
    ("forms/order/action", "nothing"),
    ("intents/visit/form", "nothing"),
    ("intents/visit/unless", "("),
    ("intents/shop/say", "{LC}에 있어요."),  # what if there is no LC
    ("patterns/0/pattern", "(a+)+b"),
]


@pytest.mark.parametrize(("path", "new"), SEEN_BY_THE_READER_ALONE, ids=[p for p, _ in SEEN_BY_THE_READER_ALONE])
def test_what_only_the_reader_can_see(everything: Any, tmp_path: Path, path: str, new: object) -> None:
    broken = edited(everything, path, new)
    assert not reads(broken, tmp_path)
    assert complaints(broken) == []


FINE: list[tuple[str, object]] = [
    ("limits", GONE),
    ("limits", {"misses": 0}),
    ("entities", GONE),
    ("patterns", GONE),
    ("hours/closed", "월요일"),
    ("hours/holidays", "추석"),
    ("hours/holidays", ["설날", "추석"]),
    ("forms/order/slots/sauces/unasked", True),
    ("hours/days", {"토요일": ["10:00", "14:00"], "일요일": ["9:30", "23:59"]}),
    ("menu/0", {"name": "떡볶이", "price": 0}),
    ("forms/order/withdrawn", GONE),
    ("forms/order/done", "주문됐어요."),
    ("forms/order/done", ["주문됐어요.", "{eta}에 와요."]),
    ("forms/visit/done", {"ok": "돼요."}),
    ("forms/visit/slots/party/type", "count"),
    ("forms/visit/slots/name/type", "name"),
    ("forms/visit/slots/date/label", "DT"),
    ("forms/visit/slots/stay/max", "P1DT12H"),
    ("forms/visit/slots/table", {"title": "자리", "type": "text", "ask": "어디요?", "retry": "어디요?"}),
    ("intents/visit/when", "idle"),
    ("intents/order/priority", -100),
    ("intents/order/exact", "주문이요"),
]


@pytest.mark.parametrize(("path", "new"), FINE, ids=[f"{path}={'-' if n is GONE else n}" for path, n in FINE])
def test_reader_and_schema_accept(everything: Any, tmp_path: Path, path: str, new: object) -> None:
    fine = edited(everything, path, new)
    assert complaints(fine) == []
    assert reads(fine, tmp_path)


def test_the_schema_is_part_of_the_package() -> None:
    assert schema_path().is_file()
    assert schema_path().parent.name == "chatbot"

"""The generator: the template language by small grammars written here, then the shipped grammar as a whole."""

from __future__ import annotations

import random
import re
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from ner_engine.datasets.augment import replace_mentions
from ner_engine.datasets.generate import NoiseShares, default_source, generate_corpus
from ner_engine.datasets.grammar import expand, load_grammar
from ner_engine.datasets.numerals import spell
from ner_engine.datasets.template import Ref, walk
from ner_engine.errors import ConfigError, DataError
from ner_engine.spans import Sentence, Span, check_spans

QUIET = NoiseShares(punctuation=0, unspaced=0, respaced=0, typos=0, chat_endings=0)


def source(folder: Path, grammar: str, **lexicons: str) -> Path:
    """A corpus folder with one grammar file and some lexicons."""
    (folder / "grammar").mkdir(parents=True, exist_ok=True)
    (folder / "lexicons").mkdir(exist_ok=True)
    (folder / "grammar" / "g.txt").write_text(grammar, encoding="utf-8")
    for name, text in lexicons.items():
        (folder / "lexicons" / f"{name}.txt").write_text(text, encoding="utf-8")
    return folder


def marked(sentence: Sentence) -> str:
    """The sentence with its marks written in: ``<7시:TI>에``."""
    text, at = "", 0
    for span in sentence.entities:
        text += f"{sentence.text[at : span.start]}<{sentence.surface(span)}:{span.label}>"
        at = span.end
    return text + sentence.text[at:]


def everything(folder: Path, tries: int = 400) -> set[str]:
    """Every sentence a small grammar gives, marked."""
    grammar = load_grammar(folder / "grammar", folder / "lexicons")
    rng = random.Random(0)
    return {marked(Sentence(*expand(grammar, rng))) for _ in range(tries)}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("그냥 말", {"그냥 말"}),
        ("(가|나|)다", {"가다", "나다", "다"}),
        ("<3층:QT>에서", {"<3층:QT>에서"}),
        ("<19:30:TI>에", {"<19:30:TI>에"}),
        ("{FOOD} [give]", {"<파스타:FOOD> 줘", "<비빔밥:FOOD> 줘"}),
        ("{FOOD:을/를} 줘", {"<파스타:FOOD>를 줘", "<비빔밥:FOOD>을 줘"}),
        ("{QT=many:이요/요}", {"<둘:QT>이요", "<하나:QT>요"}),
        ("[many:은/는]", {"둘은", "하나는"}),
        ("[lex:food:으로/로] 줘", {"파스타로 줘", "비빔밥으로 줘"}),
        ("{FOOD} {QT=many}{:을/를}", {
            "<파스타:FOOD> <둘:QT>을", "<파스타:FOOD> <하나:QT>를",
            "<비빔밥:FOOD> <둘:QT>을", "<비빔밥:FOOD> <하나:QT>를",
        }),
        ("{FOOD:을/를?} 줘", {
            "<파스타:FOOD>를 줘", "<비빔밥:FOOD>을 줘", "<파스타:FOOD> 줘", "<비빔밥:FOOD> 줘",
        }),
        ("<[#1-2]월_[#3-3]일:DT>", {
            "<1월 3일:DT>", "<2월 3일:DT>", "<1월3일:DT>", "<2월3일:DT>",
        }),
        ("<[#1000-3000/1000:comma]원:QT>", {"<1,000원:QT>", "<2,000원:QT>", "<3,000원:QT>"}),
        ("<[#20-21:native] 살:QT>", {"<스무 살:QT>", "<스물한 살:QT>"}),
        ("<{FOOD} 세트:FOOD> 줘", {"<파스타 세트:FOOD> 줘", "<비빔밥 세트:FOOD> 줘"}),
        ("<(하나|) :QT> 더", {"<하나:QT> 더", "더"}),
        ("빈 (|) 칸", {"빈 칸"}),
        (r"\(가\) \<나\> ㅠ\_ㅠ", {"(가) <나> ㅠ_ㅠ"}),
    ],
)  # fmt: skip
def test_templates(tmp_path: Path, template: str, expected: set[str]) -> None:
    rules = "\n@rule give\n줘\n@rule many\n하나\n둘\n@rule FOOD\n[lex:food]\n@rule use\n[give][many]{FOOD}\n"
    folder = source(tmp_path, f"@frames a\n{template}\n{rules}", food="# 음식\n파스타\n비빔밥\t3\n")
    assert everything(folder) == expected


def test_weights_of_lines_alternatives_and_topics(tmp_path: Path) -> None:
    folder = source(tmp_path, "@frames a *3\n*8 가\n나\n(*9 다|라)\n@frames b\n마\n")
    grammar = load_grammar(folder / "grammar", folder / "lexicons")
    rng = random.Random(1)
    counts = Counter(expand(grammar, rng)[0] for _ in range(31_000))
    wanted = {"가": 24, "나": 3, "다": 2.7, "라": 0.3, "마": 1}
    for text, share in wanted.items():
        assert counts[text] == pytest.approx(share * 1000, rel=0.25), text


def test_a_rule_may_refer_to_itself_and_sentence_is_the_start(tmp_path: Path) -> None:
    folder = source(tmp_path, "@rule sentence\n[frame]요\n@frames a\n[many]\n@rule many\n나\n나[many]\n")
    made = everything(folder)
    assert {"나요", "나나요", "나나나요"} <= made
    assert all(re.fullmatch("나+요", text) for text in made)


@pytest.mark.parametrize(
    ("grammar", "line", "said"),
    [
        ("@frames a\n가 (나|다\n", 2, "closing )"),
        ("@frames a\n가\n<나:QT 다\n", 3, ":LABEL>"),
        ("@frames a\n[없음]\n", 2, "[rule]"),
        ("@frames a\n[none]\n", 2, "'none'"),
        ("@frames a\n{NONE}\n", 2, "'NONE'"),
        ("@frames a\n[lex:none]\n", 2, "none.txt"),
        ("@frames a\n[#9-1]\n", 2, "low to high"),
        ("@frames a\n[#1-2:roman]\n", 2, "'roman'"),
        ("@frames a\n[#90-100:native]\n", 2, "1 to 99"),
        ("@frames a\n{:를/은}\n", 2, "'를/은'"),
        ("@frames a\n가|나\n", 2, "\\ before"),
        ("가\n", 1, "@rule or @frames"),
        ("@frames a\n가\n@rule b\n@rule c\n나\n", 3, "'b'"),
        ("@frames a\n가\n@rule b\n나\n@rule b\n다\n", 5, "taken at g.txt:3"),
        ("@rules a\n", 1, "'@rules a'"),
        ("@frames a\n가\n@rule b\n가[b]\n", 3, "never end"),
    ],
)
def test_mistakes_are_told_with_file_and_line(tmp_path: Path, grammar: str, line: int, said: str) -> None:
    folder = source(tmp_path, grammar)
    with pytest.raises(ConfigError) as caught:
        load_grammar(folder / "grammar", folder / "lexicons")
    message = str(caught.value)
    assert f"g.txt:{line}: " in message
    assert said in message
    assert "\n" not in message


def test_a_lexicon_with_a_wrong_weight_or_nothing_in_it(tmp_path: Path) -> None:
    folder = source(tmp_path, "@frames a\n[lex:food]\n", food="파스타\n비빔밥\t많이\n")
    with pytest.raises(ConfigError, match=r"food\.txt:2: expected a number after the tab; got '많이'"):
        load_grammar(folder / "grammar", folder / "lexicons")
    folder = source(tmp_path, "@frames a\n[lex:food]\n", food="# 없음\n")
    with pytest.raises(ConfigError, match=r"food\.txt: expected at least one word"):
        load_grammar(folder / "grammar", folder / "lexicons")


def test_a_lexicon_may_be_a_dictionary_of_the_rules(tmp_path: Path) -> None:
    folder = source(tmp_path, "@frames a\n<[lex:food]:FOOD> 줘\n")
    rows = ("# 마실 것", "아메리카노,FOOD,americano,아아|커피,3", "라떼,FOOD,,,1")
    table = "\n".join(["surface,label,canonical,synonyms,weight", *rows])
    (folder / "lexicons" / "food.csv").write_text(table, encoding="utf-8")
    assert everything(folder) == {f"<{form}:FOOD> 줘" for form in ("아메리카노", "아아", "커피", "라떼")}
    lexicon = load_grammar(folder / "grammar", folder / "lexicons").lexicons["food"]
    assert lexicon.words == ("아메리카노", "아아", "커피", "라떼")
    assert lexicon.cumulative == (3, 6, 9, 10)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("food.csv", "surface,label\n라떼\n", r"food\.csv:2: expected 2 columns; got 1"),
        (
            "food.csv",
            "surface,label,weight\n라떼,FOOD,많이\n",
            r"food\.csv:2: expected a number as weight; got '많이'",
        ),
        (
            "food.csv",
            "surface,label,weight\n라떼,FOOD,-1\n",
            r"food\.csv:2: expected a number as weight; got '-1'",
        ),
        ("food.csv", "surface,label\n", r"food\.csv: expected at least one word"),
        ("food.txt", "라떼\tnan\n", r"food\.txt:1: expected a number after the tab; got 'nan'"),
        (
            "foods.csv",
            "surface,label\n라떼,FOOD\n",
            r"g\.txt:2: expected the lexicon .*food\.txt \(or \.csv\)",
        ),
    ],
)
def test_a_wrong_lexicon_is_told_with_its_place(tmp_path: Path, name: str, text: str, said: str) -> None:
    folder = source(tmp_path, "@frames a\n[lex:food]\n")
    (folder / "lexicons" / name).write_text(text, encoding="utf-8")
    with pytest.raises((ConfigError, DataError), match=said):
        load_grammar(folder / "grammar", folder / "lexicons")


def test_one_lexicon_in_two_files_is_refused(tmp_path: Path) -> None:
    folder = source(tmp_path, "@frames a\n[lex:food]\n", food="라떼\n")
    (folder / "lexicons" / "food.csv").write_text("surface,label\n라떼,FOOD\n", encoding="utf-8")
    with pytest.raises(
        ConfigError, match=r"g\.txt:2: expected one lexicon 'food'; found food\.txt and food\.csv"
    ):
        load_grammar(folder / "grammar", folder / "lexicons")


def test_an_exhausted_grammar_says_so(tmp_path: Path) -> None:
    folder = source(tmp_path, "@frames a\n(가|나)\n")
    made = generate_corpus(count=3, seed=1, source=folder, noise=QUIET)
    assert {next(made).text, next(made).text} == {"가", "나"}
    with pytest.raises(DataError, match="gave only 2"):
        next(made)


def test_a_missing_folder_is_told_before_the_first_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="found none"):
        generate_corpus(count=1, seed=1, source=tmp_path)


@pytest.mark.parametrize(
    ("number", "style", "written"),
    [
        (15000, "digit", "15000"), (15000, "comma", "15,000"), (5, "pad2", "05"), (0, "sino", "영"),
        (10000, "sino", "만"), (15000, "sino", "만오천"), (15000, "sinospaced", "만 오천"),
        (35500, "sino", "삼만오천오백"), (110_000, "sino", "십일만"), (16, "sino", "십육"), (101, "sino", "백일"),
        (25000, "mixed", "2만 5천"), (12500, "mixed", "1만 2500"), (200_000_000, "sino", "이억"),
        (1, "native", "한"), (20, "native", "스무"), (21, "native", "스물한"), (34, "native", "서른네"),
        (1, "count", "하나"), (20, "count", "스물"), (99, "count", "아흔아홉"),
    ],
)  # fmt: skip
def test_numbers_as_koreans_write_them(number: int, style: str, written: str) -> None:
    assert spell(number, style) == written


# --- mention replacement -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "spans", "new", "wanted"),
    [
        ("파스타를 줘", [(0, 3, "FOOD")], "비빔밥", "<비빔밥:FOOD>을 줘"),
        ("비빔밥이랑 물", [(0, 3, "FOOD")], "파스타", "<파스타:FOOD>랑 물"),
        ("부산으로는 못 가", [(0, 2, "LC")], "서울", "<서울:LC>로는 못 가"),
        ("민수가 왔어", [(0, 2, "PS")], "지영", "<지영:PS>이 왔어"),
        ("지영이가 왔어", [(0, 2, "PS")], "민수", "<민수:PS>가 왔어"),
        ("지영이랑 지영이네", [(0, 2, "PS"), (5, 7, "PS")], "민수", "<민수:PS>랑 <민수:PS>네"),
        ("지영아", [(0, 2, "PS")], "민수", "<민수:PS>야"),
        ("파스타 이상해", [(0, 3, "FOOD")], "비빔밥", "<비빔밥:FOOD> 이상해"),
        ("둘이요", [(0, 1, "QT")], "하나", "<하나:QT>요"),
        ("강남역에서", [(0, 3, "LC")], "시청", "<시청:LC>에서"),
    ],
)
def test_the_particle_follows_the_new_mention(
    text: str, spans: list[tuple[int, int, str]], new: str, wanted: str
) -> None:
    sentence = Sentence(text, tuple(Span(*s) for s in spans), "a")
    made = replace_mentions(sentence, {spans[0][2]: [new]}, rng=random.Random(0), rate=1.0)
    assert marked(made) == wanted
    assert made.id == "a"


def test_mentions_stay_at_rate_zero_and_without_words() -> None:
    sentence = Sentence("민수가 파스타를", (Span(0, 2, "PS"), Span(4, 7, "FOOD")))
    assert replace_mentions(sentence, {"PS": ["지영"]}, rng=random.Random(0), rate=0.0) == sentence
    assert replace_mentions(sentence, {"LC": ["서울"]}, rng=random.Random(0), rate=1.0) == sentence


# --- the grammar that is shipped ---------------------------------------------------------------

LABELS = ["PS", "LC", "OG", "DT", "TI", "QT", "FOOD"]


@pytest.fixture(scope="module")
def shipped() -> list[Sentence]:
    """A small corpus as it is shipped."""
    return list(generate_corpus(count=4000, seed=13))


def test_the_same_seed_gives_the_same_corpus(shipped: list[Sentence]) -> None:
    again = list(islice(generate_corpus(count=4000, seed=13), 300))
    assert again == shipped[:300]
    other = list(generate_corpus(count=300, seed=14))
    assert len({s.text for s in other} & {s.text for s in shipped[:300]}) < 30


def test_ids_texts_and_spans_are_sound(shipped: list[Sentence]) -> None:
    assert [s.id for s in shipped[:2]] == ["gen-13-0", "gen-13-1"]
    assert len({s.text for s in shipped}) == len(shipped)
    for sentence in shipped:
        assert sentence.text == sentence.text.strip()
        check_spans(sentence.text, sentence.entities)
        for span in sentence.entities:
            assert span.label in LABELS
            assert sentence.surface(span) == sentence.surface(span).strip(), marked(sentence)


def test_labels_and_empty_sentences_have_their_share(shipped: list[Sentence]) -> None:
    empty = sum(not s.entities for s in shipped) / len(shipped)
    assert 0.13 <= empty <= 0.26
    counts = Counter(span.label for s in shipped for span in s.entities)
    for label in LABELS:
        assert counts[label] / counts.total() >= 0.07, (label, counts)


def test_what_hangs_on_an_amount_is_outside_its_span() -> None:
    outside = re.compile("(?:쯤|부터|까지|동안|에|마다|정도|씩|짜리|이서|째|요|입니다)$")
    inside = re.compile("(번|[첫둘셋]|넷|다섯)째$")
    for sentence in generate_corpus(count=3000, seed=17, noise=QUIET):
        for span in sentence.entities:
            if span.label in ("DT", "TI", "QT"):
                surface = sentence.surface(span)
                assert inside.search(surface) or not outside.search(surface), marked(sentence)


def test_the_grammar_is_large_and_has_no_dead_rules() -> None:
    folder = default_source()
    grammar = load_grammar(folder / "grammar", folder / "lexicons")
    assert sum(grammar.topics.values()) >= 700
    used = {
        node.name
        for rule in grammar.rules.values()
        for option in rule.options
        for node in walk(option)
        if isinstance(node, Ref)
    }
    assert set(grammar.rules) - used <= {"sentence"}


@pytest.mark.parametrize(
    ("label", "pattern"),
    [
        ("DT", r"(이번|다음) ?주 ?.요일"), ("DT", r"\d+월 ?\d+일"), ("DT", r"\d+박 ?\d+일"), ("DT", "낼"),
        ("DT", r"매주 .+"), ("DT", "(사흘|열흘|이틀|일주일) ?(뒤|전|후)"), ("DT", r"\d+/\d+"),
        ("TI", r"(오후|저녁) ?\d+시( ?반)?"), ("TI", r"\d\d:\d\d"), ("TI", r"\d+시간 ?(뒤|후|전)"),
        ("TI", "자정|정오"),
        ("TI", r"(한|두|세|네|다섯|여섯|일곱) ?시 ?반"), ("QT", r"[\d,]+,\d{3}원"), ("QT", ".*만 ?.*천 ?원"),
        ("QT", r"010-?\d{4}-?\d{4}"), ("QT", "(한|두|세|네) ?(그릇|잔|명|개)"), ("QT", r"\d+%"),
        ("QT", "하나|둘|셋"),
        ("QT", r"\d+번"), ("QT", "몇 ?(명|개|번)"), ("OG", ".+점"), ("LC", ".+(로|길) ?\\d+"), ("LC", ".+역"),
    ],
)  # fmt: skip
def test_every_way_to_say_a_value_occurs(shipped: list[Sentence], label: str, pattern: str) -> None:
    assert any(
        re.fullmatch(pattern, s.surface(span)) for s in shipped for span in s.entities if span.label == label
    )

"""Every analyser against the offset contract: golden sentences, texts known to break analysers, fuzz."""

from __future__ import annotations

import importlib.util
import os
import random
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from ner_engine.errors import DataError, MissingExtra, TokenizerError
from ner_engine.spans import Morpheme
from ner_engine.tokenizers import BACKENDS, Tokenizer, compare_fingerprints, load_tokenizer
from ner_engine.tokenizers.base import analyser_of
from ner_engine.tokenizers.cleaning import PLACEHOLDER, pieces, readable, settle
from ner_engine.tokenizers.komoran import KomoranTokenizer
from ner_engine.tokenizers.userdict import POS, read_user_dictionary

ROOT = Path(__file__).resolve().parents[1]
JAVA = [name for name in BACKENDS if name.startswith("konlpy:") and name != "konlpy:mecab"]

# What a morpheme may not cover although nothing is wrong: whitespace, controls, lone surrogates.
_VOID = {"Cc", "Cs", "Zs", "Zl", "Zp"}

NASTY = [
    "",
    " ",
    "\n",
    "\x00",
    " \t\r\n\x0b\x0c ",
    "가\x00나\x00",
    "👍🏽 좋아요 🇰🇷🇯🇵최고👨‍👩‍👧‍👦",
    "\ud800",
    "가\ud83d나 \udc4d다",
    "하나\u2028둘\u2029셋\x85넷\u3000다섯\xa0여섯",
    unicodedata.normalize("NFD", "봤어요, 강남역에서 닭갈비 먹었던 날"),
    "\u1112\u1161\u11ab",
    "\u1161\u11ab 홀로",
    "각\u11a8 a\u0301\u0301 \u0301x",
    " \u0301어 \u3099",
    "\ufeff안녕\u200b하세요\u200d",
    "ㄱㅏㄴㅏ ㅋㅋㅋㅋㅋㅋㅋㅋㅋ ㅠㅠ ㄳ ㅇㅇ",
    "봤어ㅋㅋㅋ했ㅠㅠ",
    '"따옴표", (괄호) <태그> [대괄호] {중괄호} `백틱` \\ | + / 1/2',
    "a+b=c 가/NNG+나/JX 나_너 @나 #너",
    "http://example.com/한글?q=1&r=2 me@example.com 010-1234-5678",
    "漢字 カタカナ ひらがな Ελληνικά кириллица עברית العربية ไทย",
    "①②③ ½ ㎏ ℃ ﷽ ﬁ Ω Å 豈 가",
    "\ue000\uffff\ufffe\U0010ffff\U000e0001",
    "......!!!???~~~ ... ! ?",
    "☆ 별표 ☆☆",
]


def check(text: str, morphemes: list[Morpheme]) -> None:
    """The contract: sorted, inside, not empty, no whitespace."""
    assert [m.start for m in morphemes] == sorted(m.start for m in morphemes)
    for m in morphemes:
        assert 0 <= m.start < m.end <= len(text), (text, m)
        assert not any(c.isspace() for c in text[m.start : m.end]), (text, m)
        assert m.form
        assert not m.form[0].isspace()


def uncovered(text: str, morphemes: list[Morpheme]) -> str:
    """Characters no morpheme covers, without those that none may."""
    covered = {at for m in morphemes for at in range(m.start, m.end)}
    return "".join(c for at, c in enumerate(text) if at not in covered and unicodedata.category(c) not in _VOID)


def surface(text: str, morphemes: list[Morpheme], form: str) -> list[tuple[int, str]]:
    """Where a form lies and what is written there, composed."""
    return [(m.start, unicodedata.normalize("NFC", text[m.start : m.end])) for m in morphemes if m.form == form]


@pytest.fixture(scope="module")
def load() -> Callable[[str], Tokenizer]:
    loaded: dict[str, Tokenizer] = {}

    def get(name: str) -> Tokenizer:
        if name not in loaded:
            try:
                loaded[name] = load_tokenizer(name)
            except MissingExtra as error:
                pytest.skip(str(error))
            except TokenizerError as error:
                if "found none" not in str(error):
                    raise
                pytest.skip(str(error))
        return loaded[name]

    return get


@pytest.fixture(params=BACKENDS)
def tokenizer(request: pytest.FixtureRequest, load: Callable[[str], Tokenizer]) -> Tokenizer:
    return load(request.param)


# ---- every backend


def test_it_is_a_tokenizer(tokenizer: Tokenizer) -> None:
    assert isinstance(tokenizer, Tokenizer)
    assert tokenizer.name in BACKENDS


@pytest.mark.parametrize("text", NASTY, ids=ascii)
def test_texts_that_break_analysers(tokenizer: Tokenizer, text: str) -> None:
    check(text, tokenizer.morphemes(text))


def test_blank_texts_have_no_morphemes(tokenizer: Tokenizer) -> None:
    for text in ("", " ", "\n", "\t \u3000", "\x00", "\u2028", "\ud800"):
        assert tokenizer.morphemes(text) == []


def test_offsets_point_at_the_words(tokenizer: Tokenizer) -> None:
    text = "🇰🇷 어제  커피를\t마셨고\n또 커피, 👍🏽커피\u3000커피"
    word = "커" if tokenizer.name == "syllable" else "커피"
    found = surface(text, tokenizer.morphemes(text), word)
    assert found == [(at, word) for at in range(len(text)) if text.startswith("커피", at)]


def test_decomposed_text_gives_the_same_morphemes_at_its_own_offsets(tokenizer: Tokenizer) -> None:
    composed = "오늘 커피를 마셨고 닭갈비도 먹었어요"
    text = unicodedata.normalize("NFD", composed)
    here, there = tokenizer.morphemes(text), tokenizer.morphemes(composed)
    assert [(m.form, m.pos) for m in here] == [(m.form, m.pos) for m in there]
    for m, original in zip(here, there, strict=True):
        written = unicodedata.normalize("NFC", text[m.start : m.end])
        assert written == composed[original.start : original.end]


def test_everything_written_is_covered(tokenizer: Tokenizer) -> None:
    text = "내일 저녁 7시에 강남역에서 봤던 친구랑 파스타 먹자ㅋㅋㅋ 👍🏽 ABC 25,000원!"
    assert uncovered(text, tokenizer.morphemes(text)) == ""


def test_an_analysis_holds_the_morphemes(tokenizer: Tokenizer) -> None:
    for text in ("강남역에서 김민수랑 봤어 👍🏽", " \t가 ", unicodedata.normalize("NFD", "각이 봤다"), ""):
        assert analyser_of(tokenizer)(text).morphemes() == tokenizer.morphemes(text)


def test_the_same_text_gives_the_same_morphemes(tokenizer: Tokenizer) -> None:
    text = "주말에 부산 갔다 왔어. 바다가 예뻤어!"
    assert tokenizer.morphemes(text) == tokenizer.morphemes(text)


def test_two_thousand_characters_without_a_space(tokenizer: Tokenizer) -> None:
    text = "강남역에서만나자고했는데" * 167
    morphemes = tokenizer.morphemes(text)
    check(text, morphemes)
    assert uncovered(text, morphemes) == ""


def test_twenty_thousand_characters(tokenizer: Tokenizer) -> None:
    text = "강남역에서 만나 👍 " * 1540
    morphemes = tokenizer.morphemes(text)
    check(text, morphemes)
    assert len(surface(text, morphemes, "서" if tokenizer.name == "syllable" else "에서")) == 1540


_ALPHABET = [
    *"가나다라마봤했갈왜뷁힣이은를에서요어아",
    *"ㄱㅏㅋㅠㅇㄳ각ᇫ",
    *"azAZ09.,!?~-_+/\\|\"'`@#$%^&*()[]{}<>:;=",
    *" \t\n\r\x0b\x0c\x00\x01\x1f\x7f\x85\xa0\u1680\u2003\u2028\u2029\u202f\u205f\u3000",
    *"\ud800\udbff\udc00\udfff👍🏽🇰🇷👨\u200d\ufe0f\u20e3\U000e0067",
    *"\u0301\u0327\u3099\u064b\u093c\u0b56漢字カな豈Åﬁ½㎏①☆★\ufeff\u200b\u202e\ue000\uffff\U0010ffff",
]


def fuzzed(count: int, *, seed: int, longest: int) -> list[str]:
    rng = random.Random(seed)
    return ["".join(rng.choices(_ALPHABET, k=rng.randint(0, longest))) for _ in range(count)]


def test_fuzzed_strings(tokenizer: Tokenizer) -> None:
    for text in fuzzed(3000, seed=7, longest=12):
        check(text, tokenizer.morphemes(text))


def test_longer_fuzzed_strings(tokenizer: Tokenizer) -> None:
    for text in fuzzed(10 if tokenizer.name in JAVA else 100, seed=8, longest=400):
        check(text, tokenizer.morphemes(text))


def test_threads_share_a_tokenizer(tokenizer: Tokenizer) -> None:
    texts = ["어제 커피를 마셨어", "내일 강남역에서 봐요", "김밥 두 줄 주세요", "3월 5일에 갈게"]
    expected = [tokenizer.morphemes(text) for text in texts]
    wrong: list[str] = []

    def work() -> None:
        for _ in range(10):
            for text, morphemes in zip(texts, expected, strict=True):
                if tokenizer.morphemes(text) != morphemes:
                    wrong.append(text)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_text_must_be_a_str(tokenizer: Tokenizer) -> None:
    with pytest.raises(TypeError):
        tokenizer.morphemes(b"bytes")  # type: ignore[arg-type]


def test_fingerprints_hold_strings_and_stay_the_same(tokenizer: Tokenizer) -> None:
    print_ = tokenizer.fingerprint()
    assert print_ == tokenizer.fingerprint()
    assert {"backend", "version"} <= print_.keys()
    assert all(isinstance(value, str) and value for value in print_.values())
    assert "unknown" not in " ".join(print_.values())


# ---- golden analyses


def test_mecab_keeps_surface_units_and_semantic_classes(load: Callable[[str], Tokenizer]) -> None:
    text = "강남역에서 봤어"
    assert load("mecab").morphemes(text) == [
        Morpheme("강남역", "NNP", 0, 3, "지명"),
        Morpheme("에서", "JKB", 3, 5),
        Morpheme("봤", "VV+EP", 6, 7),
        Morpheme("어", "EC", 7, 8),
    ]


def test_konlpy_mecab_is_mecab(load: Callable[[str], Tokenizer]) -> None:
    text = "강남역에서 봤어"
    assert load("konlpy:mecab").name == "konlpy:mecab"
    assert load("konlpy:mecab").morphemes(text) == load("mecab").morphemes(text)
    assert load("konlpy:mecab").fingerprint() == load("mecab").fingerprint()


def test_mecab_counts_spaces_at_the_start(load: Callable[[str], Tokenizer]) -> None:
    text = "  \n강남역에서 봤어"
    assert surface(text, load("mecab").morphemes(text), "강남역") == [(3, "강남역")]


def test_mecab_runs_longer_than_its_counters(load: Callable[[str], Tokenizer]) -> None:
    text = "a" * 70_000 + " 강남역"
    morphemes = load("mecab").morphemes(text)
    check(text, morphemes)
    assert uncovered(text, morphemes) == ""
    assert surface(text, morphemes, "강남역") == [(70_001, "강남역")]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("kiwi", "보/VV[봤] 었/EP[봤] 어/EF[어]"),
        ("konlpy:komoran", "보/VV[봤] 았/EP[봤] 어/EC[어]"),
        ("konlpy:okt", "봤어/Verb[봤어]"),
        ("konlpy:hannanum", "보/PV[봤] 아/EP[봤] 아/EC[어]"),
        ("konlpy:kkma", "보/VV[봤] 았/EPT[봤] 어/EFN[어]"),
        ("syllable", "봤/[봤] 어/[어]"),
    ],
)
def test_contractions_share_characters(load: Callable[[str], Tokenizer], name: str, expected: str) -> None:
    text = "영화 봤어"
    found = [m for m in load(name).morphemes(text) if m.start >= 3]
    assert " ".join(f"{m.form}/{m.pos}[{text[m.start : m.end]}]" for m in found) == expected


@pytest.mark.parametrize("name", ["konlpy:komoran", "konlpy:hannanum"])
def test_laughter_does_not_swallow_the_word(load: Callable[[str], Tokenizer], name: str) -> None:
    text = "강남역에서ㅋㅋㅋㅋ"
    assert surface(text, load(name).morphemes(text), "강남역") == [(0, "강남역")]


def test_hannanum_gives_no_empty_forms(load: Callable[[str], Tokenizer]) -> None:
    text = "a豈Z가은"
    morphemes = load("konlpy:hannanum").morphemes(text)
    check(text, morphemes)
    assert uncovered(text, morphemes) == ""


def test_emoji_keep_their_own_form(load: Callable[[str], Tokenizer]) -> None:
    for name in BACKENDS:
        forms = "".join(m.form for m in load(name).morphemes("👍🇰🇷 ☆"))
        assert forms == "👍🇰🇷☆", name


def test_komoran_offsets_after_runs_of_spaces(load: Callable[[str], Tokenizer]) -> None:
    komoran = load("konlpy:komoran")
    assert isinstance(komoran, KomoranTokenizer)
    text = "커피   커피  두   잔"
    found = komoran._with_offsets(text)
    assert found is not None
    assert surface(text, found, "커피") == [(0, "커피"), (5, "커피")]


# ---- loading


def test_an_unknown_backend_is_named() -> None:
    with pytest.raises(TokenizerError, match=r"expected a tokenizer of mecab, .*; got 'twitter'"):
        load_tokenizer("twitter")


def _without(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    _without(monkeypatch, "kiwipiepy", "jpype", "_mecab")
    with pytest.raises(MissingExtra, match=r"ner-engine\[kiwi\]"):
        load_tokenizer("kiwi")
    for name in JAVA:
        with pytest.raises(MissingExtra, match=r"ner-engine\[konlpy\]"):
            load_tokenizer(name)
    with pytest.raises(TokenizerError, match="pip install python-mecab-ko"):
        load_tokenizer("mecab")


def test_missing_konlpy_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("jpype") is None:
        pytest.skip("jpype is not installed")
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda n: None if n == "konlpy" else found(n))
    with pytest.raises(MissingExtra, match=r"ner-engine\[konlpy\]"):
        load_tokenizer("konlpy:hannanum")


def test_importing_the_package_imports_no_analyser() -> None:
    code = (
        "import sys, ner_engine.tokenizers as t; t.load_tokenizer('syllable');"
        "print(*sorted({'_mecab', 'mecab', 'kiwipiepy', 'jpype', 'konlpy', 'numpy', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout.strip() == ""


# ---- user dictionaries

WORDS = "# 가게 이름\n그냥가게집\tNNP\t상호\n\n마라로제탕수\tNNG\n"
USER_TEXT = "👍 그냥가게집에서 마라로제탕수 먹자"


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "words.tsv"
    path.write_text(WORDS, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["mecab", "kiwi", "konlpy:komoran", "konlpy:okt", "konlpy:hannanum"])
def test_user_words_stay_whole(load: Callable[[str], Tokenizer], words: Path, name: str) -> None:
    plain = load(name)
    before = plain.morphemes(USER_TEXT)
    # hannanum takes an unknown word for a common noun as a whole; the dictionary makes it a proper one
    assert surface(USER_TEXT, [m for m in before if m.pos != "NC"], "그냥가게집") == []
    tokenizer = load_tokenizer(name, user_dictionary=words)
    morphemes = tokenizer.morphemes(USER_TEXT)
    check(USER_TEXT, morphemes)
    assert surface(USER_TEXT, [m for m in morphemes if m.pos != "NC"], "그냥가게집") == [(2, "그냥가게집")]
    assert surface(USER_TEXT, morphemes, "마라로제탕수") == [(10, "마라로제탕수")]
    assert {m.semantic for m in morphemes if m.form == "그냥가게집"} == {"상호"}
    # other tokenizers of this process do not see the words
    assert plain.morphemes(USER_TEXT) == before
    assert compare_fingerprints(plain.fingerprint(), tokenizer.fingerprint()) == [
        f"the user dictionary differs: trained with none, here {read_user_dictionary(words).sha256}"
    ]


@pytest.mark.parametrize("name", ["mecab", "kiwi", "konlpy:komoran", "konlpy:hannanum"])
def test_every_part_of_speech_is_taken(load: Callable[[str], Tokenizer], tmp_path: Path, name: str) -> None:
    load(name)
    forms = dict(
        zip(POS, ("뚝딱골", "셋별", "둘리뷁", "갑잘", "뷁뚜", "어쩔뷁", "그럴뷁", "와우뷁"), strict=True)
    )
    path = tmp_path / "words.tsv"
    path.write_text("".join(f"{f}\t{p}\t장소\n" for p, f in forms.items()), encoding="utf-8")
    tokenizer = load_tokenizer(name, user_dictionary=path)
    hannanum = dict(zip(POS, ("NC", "NQ", "NP", "NN", "MM", "MA", "MA", "II"), strict=True))
    for pos, form in forms.items():
        own = hannanum[pos] if name == "konlpy:hannanum" else pos
        assert [(m.form, m.pos, m.semantic) for m in tokenizer.morphemes(form)] == [(form, own, "장소")]


def test_mecab_prefers_a_user_word_to_its_parts(tmp_path: Path) -> None:
    path = tmp_path / "words.tsv"
    path.write_text("먹자골목\tNNP\t지명\n", encoding="utf-8")
    found = load_tokenizer("mecab", user_dictionary=path).morphemes("먹자골목에서 보자")
    assert found[0] == Morpheme("먹자골목", "NNP", 0, 4, "지명")


@pytest.mark.parametrize("name", ["konlpy:kkma", "syllable"])
def test_backends_without_user_dictionary_say_so(words: Path, name: str) -> None:
    with pytest.raises(TokenizerError, match="takes no user dictionary"):
        load_tokenizer(name, user_dictionary=words)


def test_okt_takes_nouns_only(load: Callable[[str], Tokenizer], tmp_path: Path) -> None:
    load("konlpy:okt")
    path = tmp_path / "words.tsv"
    path.write_text("하늘반점\tNNP\n갑분\tMAG\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"words\.tsv:2: .*expected NNG or NNP, got 'MAG'"):
        load_tokenizer("konlpy:okt", user_dictionary=path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("하늘반점\n", r"words\.tsv:1: expected form<TAB>pos"),
        ("# 주석\n하늘반점\tNNP\t상호\t덤\n", r":2: expected .*got 4 field"),
        ("하늘 반점\tNNP\n", r":1: expected a word without spaces"),
        ("하늘,반점\tNNP\n", r":1: expected a word without"),
        ("\tNNP\n", r":1: expected a word"),
        ("하늘반점\tVV\n", r":1: expected one of NNG, .*got 'VV'"),
        ("하늘반점\tNNP\t상,호\n", r":1: expected a semantic class"),
    ],
)
def test_bad_user_dictionaries_are_refused_with_the_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "words.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        load_tokenizer("mecab", user_dictionary=path)


def test_unreadable_user_dictionaries_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "words.tsv"
    with pytest.raises(DataError, match="cannot read the user dictionary"):
        load_tokenizer("mecab", user_dictionary=path)
    path.write_bytes("하늘\tNNP\n".encode("cp949"))
    with pytest.raises(DataError, match="expected UTF-8, got byte 0x"):
        load_tokenizer("mecab", user_dictionary=path)


def test_a_user_dictionary_is_known_by_what_it_says(tmp_path: Path) -> None:
    one, two, three = (tmp_path / name for name in ("a.tsv", "b.tsv", "c.tsv"))
    one.write_bytes("하늘반점\tNNP\n".encode())
    two.write_bytes("\ufeff# 주석\r\n".encode() + unicodedata.normalize("NFD", "하늘반점\tNNP\r\n").encode())
    three.write_bytes("하늘반점\tNNG\n".encode())
    assert read_user_dictionary(one).sha256 == read_user_dictionary(two).sha256
    assert read_user_dictionary(one).sha256 != read_user_dictionary(three).sha256


def test_an_empty_user_dictionary_is_no_dictionary(load: Callable[[str], Tokenizer], tmp_path: Path) -> None:
    path = tmp_path / "words.tsv"
    path.write_text("# 아직 없음\n", encoding="utf-8")
    tokenizer = load_tokenizer("mecab", user_dictionary=path)
    assert tokenizer.morphemes("강남역에서") == load("mecab").morphemes("강남역에서")


# ---- fingerprints


def test_equal_fingerprints_have_nothing_to_say() -> None:
    assert compare_fingerprints({"backend": "a", "version": "1"}, {"version": "1", "backend": "a"}) == []


def test_each_difference_is_a_sentence() -> None:
    trained = {"backend": "mecab", "version": "1", "dictionary": "x"}
    here = {"backend": "mecab", "version": "2", "dictionary": "x", "user_dictionary": "abc"}
    assert compare_fingerprints(trained, here) == [
        "the user dictionary differs: trained with none, here abc",
        "the analyser's version differs: trained with 1, here 2",
    ]


def test_another_analyser_is_one_difference() -> None:
    assert compare_fingerprints({"backend": "mecab", "version": "1"}, {"backend": "kiwi", "version": "2"}) == [
        "the analyser differs: trained with mecab, here kiwi"
    ]


# ---- cleaning


def test_no_whitespace_control_or_surrogate_reaches_an_analyser() -> None:
    chars = [chr(code) for code in range(sys.maxunicode + 1)]
    void = [c for c in chars if c.isspace() or unicodedata.category(c) in ("Cc", "Cs")]
    assert readable("".join(void)).text == " " * len(void)
    assert " " not in readable("".join(sorted(set(chars) - set(void)))).text


def test_text_in_bmp_has_one_utf16_unit_for_each_character() -> None:
    clean = readable("👍가🇰🇷", bmp_only=True)
    assert clean.text == PLACEHOLDER + "가" + PLACEHOLDER * 2
    assert len(clean.text.encode("utf-16-le")) == 2 * len(clean.text)


def test_composed_characters_map_to_the_whole_unit() -> None:
    text = "x" + unicodedata.normalize("NFD", "각é") + " \u0301"
    source = readable(text)
    assert source.text == "x각é \u0301"
    assert source.starts is not None
    assert source.ends is not None
    assert list(zip(source.starts, source.ends, strict=True)) == [(0, 1), (1, 4), (4, 6), (6, 7), (7, 8)]


def test_composing_is_what_unicode_says() -> None:
    for text in fuzzed(3000, seed=9, longest=12):
        source = readable(text)
        if source.starts is not None and source.ends is not None:
            assert len(source.starts) == len(source.ends) == len(source.text)
            for at, char in enumerate(source.text):
                unit = text[source.starts[at] : source.ends[at]]
                assert char == " " or char in unicodedata.normalize("NFC", unit)
        else:
            assert len(source.text) == len(text)


def test_pieces_cover_every_word_and_keep_the_limits() -> None:
    rng = random.Random(3)
    for _ in range(500):
        text = "".join(rng.choices("가나다 ", k=rng.randint(0, 80)))
        longest, word = rng.randint(1, 20), rng.randint(1, 20)
        found = pieces(text, longest=longest, longest_word=word)
        rebuilt = [" "] * len(text)
        last = 0
        for piece in found:
            assert 0 < len(piece.text) <= longest
            assert piece.text == piece.text.strip()
            assert max(map(len, piece.text.split())) <= word
            assert piece.start >= last
            last = piece.start + len(piece.text)
            rebuilt[piece.start : last] = piece.text
        assert "".join(rebuilt) == text


def test_pieces_are_cut_only_where_they_must_be() -> None:
    assert [p.text for p in pieces("가나 다라 마바", longest=5)] == ["가나 다라", "마바"]
    assert [p.text for p in pieces("가나  다라", longest=50)] == ["가나  다라"]


def test_settle_repairs_what_analysers_get_wrong() -> None:
    source = readable("안녕 하세요")
    raw = [
        Morpheme("안녕", "NNG", 0, 3),  # a space at its end
        Morpheme("하", "XSA", 3, 4),
        Morpheme("시", "EP", 5, 5),  # empty, and after the next one
        Morpheme("어요", "EF", 4, 99),  # beyond the text
    ]
    assert settle(source, raw) == [
        Morpheme("안녕", "NNG", 0, 2),
        Morpheme("하", "XSA", 3, 4),
        Morpheme("시", "EP", 4, 5),
        Morpheme("어요", "EF", 4, 6),
    ]
    assert settle(source, [Morpheme("안녕하", "NNP", 0, 4)]) == [
        Morpheme("안녕", "NNP", 0, 2),
        Morpheme("하", "NNP", 3, 4),
    ]

"""The bot of a new domain: the small bot of ``bot new`` that asks for one thing more, a word of the domain's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources

from ner_engine.chatbot.scaffold import bot_texts
from ner_engine.domains.labels import DomainLabel
from ner_engine.josa import attach, pick

__all__ = ["bot_files"]

_SLOTS = "    slots:\n"
_FORMS = "# 차례로 물어 받아 적는 것\n"
_SUMMARY = '"{date} {time}, {name}, 이대로'


def bot_files(name: str, label: DomainLabel) -> Iterator[tuple[str, str]]:
    """The files of the bot's folder, with their texts: the rule file, the schema for editors, two transcripts."""
    options = "\n".join(f"          - {{name: {_quoted(word)}{_synonyms(more)}}}" for word, *more in label.words)
    entities = "\n".join(
        f"  - {{label: {label.name}, name: {_quoted(word)}{_synonyms(more)}}}" for word, *more in label.words
    )
    first, second = label.words[0][0], label.words[1 % len(label.words)][0]
    tokens = {
        "%DOMAIN%": name,
        "%LEXICON%": label.lexicon,
        "%LABEL%": label.name,
        "%KOREAN%": label.korean,
        "%OBJECT%": attach(label.korean, "을/를"),
        "%OPTIONS%": options,
        "%W1%": first,
        "%W1-SAID%": first + pick(first, "이요/요"),
        "%W1-NOTED%": attach(first, "으로/로"),
        "%W2%": second,
    }
    remark = f"# {label.korean}: 봇이 모델 없이도 알아듣는 말. lexicons/{label.lexicon}.csv 와 같이 고치세요."
    known = f"{remark}\nentities:\n{entities}\n\n"
    for place, text in bot_texts(name).items():
        if place.endswith(f"{name}.yaml"):
            text = _once(text, _FORMS, known + _FORMS)
            text = _once(text, _SLOTS, _SLOTS + _template("slot.yaml", tokens))
            text = _once(text, _SUMMARY, f'"{{{label.lexicon}}}, ' + _SUMMARY[1:])
        elif place.startswith("transcripts/"):
            text = _template("transcript.txt", tokens)
        yield place, text


def _once(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise ValueError(f"the bot's template: expected {old!r} once; got it {text.count(old)} times")
    return text.replace(old, new)


def _synonyms(words: list[str]) -> str:
    return f", synonyms: [{', '.join(map(_quoted, words))}]" if words else ""


def _quoted(word: str) -> str:
    """A word as YAML takes it, whatever is in it: JSON is YAML."""
    return json.dumps(word, ensure_ascii=False)


def _template(name: str, tokens: dict[str, str]) -> str:
    text = (resources.files("ner_engine.domains") / "template" / name).read_text(encoding="utf-8")
    for token, value in tokens.items():
        text = text.replace(token, value)
    return text

"""A new domain on disk: a name, labels and a folder in; a guideline, lexicons, a grammar, utterances, a recipe
and a bot written there, their paths out.

The folder is written beside its place and moved there whole; what is there already is never touched.
"""

from __future__ import annotations

import csv
import io
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path

from ner_engine.datasets.generate import default_source
from ner_engine.datasets.grammar import load_grammar
from ner_engine.domains.bot import bot_files
from ner_engine.domains.labels import COMMON, DomainLabel, default_labels
from ner_engine.errors import ConfigError
from ner_engine.josa import pick

__all__ = ["new_domain"]

_NAME = re.compile("[a-z][a-z0-9-]{0,39}")
_TOKEN = re.compile("%([A-Z0-9-]+)%")
# rules and words of the labels that every domain has
_FROM_CHAT_KO = (
    "grammar/values_dates.txt",
    "grammar/values_times.txt",
    "lexicons/surname.txt",
    "lexicons/given_name.txt",
)


def new_domain(
    name: str, folder: Path | None = None, *, labels: Sequence[DomainLabel] | None = None
) -> tuple[Path, ...]:
    """Write a domain that can be generated from, trained, evaluated and talked to at once; returns its files.

    ``folder`` is ``./NAME`` where none is given. Raises ConfigError for a name that is none, and for a folder
    that is there already.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"expected a name of at most 40 small letters, digits and hyphens, a letter first; got {name!r}"
        )
    target = Path(name) if folder is None else folder
    if target.is_symlink() or (target.exists() and not (target.is_dir() and not any(target.iterdir()))):
        raise ConfigError("exists; expected a new folder", path=target)
    if not str(target).isprintable():
        raise ConfigError(f"expected a folder whose name can be printed; got {str(target)!r}")
    own = tuple(labels) if labels is not None else default_labels()
    texts = dict(_texts(name, target, own))
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.resolve().parent))
    try:
        for place, text in texts.items():
            path = aside / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        load_grammar(aside / "grammar", aside / "lexicons")
        aside.chmod(0o755)
        os.replace(aside, target)  # an empty folder may be there; anything else that came meanwhile is refused
    except OSError as error:
        raise ConfigError(f"expected a place to write to; got: {error.strerror or error}", path=target) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return tuple(target / place for place in texts)


def _texts(name: str, target: Path, labels: Sequence[DomainLabel]) -> Iterator[tuple[str, str]]:
    """Every file of the domain: its place inside the folder, and its text."""
    every = [label.name for label in labels] + list(COMMON)
    whole = {
        "DOMAIN": name,
        "FOLDER": shlex.quote(target.as_posix()),
        "LEXICON": labels[0].lexicon,
        "LABELS": " ".join(every),
        "QUOTED-LABELS": ", ".join(f'"{label}"' for label in every),
        "GAZETTEERS": "\n".join(
            [
                *(f'{label.name} = ["lexicons/{label.lexicon}.csv"]' for label in labels),
                'PS = ["lexicons/given_name.txt"]',
            ]
        ),
        "LABEL-TABLE": "\n".join(_row(label) for label in labels),
        "LABEL-SECTIONS": "".join(_section(label) for label in labels),
        "DECIDED": "\n".join(_decided(label) for label in labels),
    }
    yield "README.md", _filled("README.md", whole)
    yield "GUIDELINE.md", _filled("GUIDELINE.md", whole)
    yield "recipe.toml", _filled("recipe.toml", whole)
    for file in ("start", "people", "frames_plain"):
        yield f"grammar/{file}.txt", _filled(f"grammar/{file}.txt", {})
    for label in labels:
        yield f"lexicons/{label.lexicon}.csv", _lexicon(label)
        pairs = (_filled("frames_pair.txt", _of(label) | _other(other)) for other in labels if other != label)
        frames = _filled("frames_label.txt", _of(label))
        yield f"grammar/frames_{label.lexicon}.txt", frames + (next(pairs, ""))
    chat_ko = default_source()
    for place in _FROM_CHAT_KO:
        yield place, (chat_ko / place).read_text(encoding="utf-8")
    yield from _utterances(labels)
    for place, text in bot_files(name, labels[0]):
        yield f"bot/{place}", text


def _utterances(labels: Sequence[DomainLabel]) -> Iterator[tuple[str, str]]:
    """Some utterances to evaluate on; every other one of each label goes to the test set."""
    common = {part: _filled(f"utterances_{part}.txt", {}).splitlines() for part in ("dev", "test")}
    written = [_filled("utterances_label.txt", _of(label)).splitlines() for label in labels]
    for shift, (part, lines) in enumerate(common.items()):
        own = [line for of_label in written for line in of_label[shift::2]]
        yield f"{part}.txt", "\n".join([*own, *lines]) + "\n"


def _of(label: DomainLabel) -> dict[str, str]:
    """The tokens of one label's templates: W1 is its first word, W1-TOPIC the 은 or 는 that follows it."""
    words = [label.words[i % len(label.words)][0] for i in range(6)]
    tokens = {"LABEL": label.name, "KOREAN": label.korean, "LEXICON": label.lexicon, "IN": ", ".join(words[:4])}
    for number, word in enumerate(words, 1):
        tokens |= {
            f"W{number}": word,
            f"W{number}-TOPIC": pick(word, "은/는"),
            f"W{number}-WITH": pick(word, "이랑/랑"),
            f"W{number}-SAID": pick(word, "이요/요"),
        }
    return tokens


def _other(label: DomainLabel) -> dict[str, str]:
    return {"OTHER": label.name, "OTHER-LEXICON": label.lexicon}


def _lexicon(label: DomainLabel) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["surface", "label", "canonical", "synonyms"])
    for surface, *synonyms in label.words:
        writer.writerow([surface, label.name, "", "|".join(synonyms)])
    return out.getvalue()


def _row(label: DomainLabel) -> str:
    first, second = label.words[0][0], label.words[-1][0]
    said = f"`<{second}:{label.name}>{pick(second, '이요/요')}`"
    return f"| `{label.name}` | {label.korean} | `<{first}:{label.name}>` 때문에, {said} |"


def _section(label: DomainLabel) -> str:
    return _filled("guideline_label.md", _of(label))


def _decided(label: DomainLabel) -> str:
    word = label.words[0][0]
    return f"| `<{word}:{label.name}>{pick(word, '은/는')} 되나요` | the particle is outside |"


def _filled(template: str, tokens: Mapping[str, str]) -> str:
    """A template's text with its tokens replaced; one that nobody gave is a mistake of this package."""
    text = (resources.files("ner_engine.domains") / "template" / template).read_text(encoding="utf-8")
    return _TOKEN.sub(lambda token: tokens[token[1]], text)

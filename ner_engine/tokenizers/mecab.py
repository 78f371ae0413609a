"""MeCab with mecab-ko-dic, through python-mecab-ko: the default analyser.

In: any str. Out: one morpheme per node of the best path. ``form`` is the surface, so a contraction stays
one morpheme (봤, ``VV+EP``) and a compound one unit; ``semantic`` is the dictionary's class (인명, 지명).

The best path is read as the text MeCab writes of it, a line a node, and each line is parsed once and kept: the
package's own value objects cost five times the analysis, its nodes one by one as much as the analysis.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from ner_engine.errors import TokenizerError
from ner_engine.spans import Morpheme
from ner_engine.tokenizers.base import Analysis, Word
from ner_engine.tokenizers.cleaning import pieces, readable, settle
from ner_engine.tokenizers.fingerprint import version_of
from ner_engine.tokenizers.userdict import UserDictionary, UserWord

__all__ = ["MecabTokenizer"]

# A node's length is a 16-bit count of bytes: a longer run of one character class would wrap around.
_LONGEST = 4000
_LINES_KEPT = 100_000
# What makes a user word win over its parts, by length in characters: longer is safer. MeCab costs; the
# connections and words of everyday text cost 1000 to 6000.
_BONUS = {1: 0, 2: 2000}
_LONG_BONUS = 5000


class MecabTokenizer:
    """MeCab; safe to share between threads (every thread has a lattice of its own)."""

    name: str

    def __init__(self, *, user_dictionary: UserDictionary | None = None, name: str = "mecab") -> None:
        try:
            import _mecab
            import mecab_ko_dic
            from mecab import mecabrc_path
        except ImportError as error:
            raise TokenizerError(
                f"the mecab analyser cannot be imported ({error}): pip install python-mecab-ko"
            ) from error
        self.name = name
        self._new_lattice: Any = _mecab.Lattice
        self._own = threading.local()
        self._words: dict[str, Word] = {}  # by the line MeCab writes of a node
        self._request: int = _mecab.MECAB_ALLOCATE_SENTENCE
        self._user_dictionary = user_dictionary
        options = ["--rcfile", str(mecabrc_path), "--dicdir", str(mecab_ko_dic.dictionary_path)]
        folder: Path | None = None
        try:
            if user_dictionary is not None and user_dictionary.words:
                folder = Path(tempfile.mkdtemp(prefix="ner-engine-mecab-"))
                options += ["--userdic", f'"{_compiled(user_dictionary, folder)}"']
            self._tagger: Any = _mecab.Tagger(options)
        except RuntimeError as error:
            raise TokenizerError(f"mecab cannot open its dictionary: {' '.join(str(error).split())}") from error
        finally:
            if folder is not None:
                # Read or mapped by now; where an open file cannot be removed, the system's cleaner does it.
                shutil.rmtree(folder, ignore_errors=True)

    def morphemes(self, text: str) -> list[Morpheme]:
        """The nodes of the best path, in order."""
        source = readable(text)
        found = self._analysed(source.text).morphemes()
        # What is clean already needs no settling: mecab's own spans keep the contract.
        return found if source.starts is None else settle(source, found)

    def analysis(self, text: str) -> Analysis:
        """The same as parallel lists."""
        source = readable(text)
        found = self._analysed(source.text)
        return found if source.starts is None else Analysis.of(settle(source, found.morphemes()))

    def _analysed(self, clean: str) -> Analysis:
        found = Analysis([], [], [])
        if len(clean) <= _LONGEST:
            self._add(clean, 0, found)
        else:
            for piece in pieces(clean, longest=_LONGEST):
                self._add(piece.text, piece.start, found)
        return found

    def _lattice(self) -> Any:
        """This thread's lattice: a new one for each text would cost a fifth of the analysis."""
        lattice = getattr(self._own, "lattice", None)
        if lattice is None:
            lattice = self._own.lattice = self._new_lattice()
            lattice.add_request_type(self._request)
        return lattice

    def _add(self, text: str, at: int, found: Analysis) -> None:
        """Append the nodes of a piece that starts at ``at``."""
        # MeCab weighs a space before a particle, also at the head of a text, where there is nothing to follow.
        body = text.lstrip(" ")
        at += len(text) - len(body)
        lattice = self._lattice()
        lattice.set_sentence(body)
        if not self._tagger.parse(lattice):
            raise TokenizerError(f"mecab failed on a text of {len(text)} characters: {self._tagger.what()}")
        words, starts, ends = found.words, found.starts, found.ends
        end = 0
        for line in lattice.to_string().split("\n")[:-2]:  # the last line says EOS
            word = self._words.get(line) or self._word(line)
            start = body.index(word[0], end)
            end = start + len(word[0])
            words.append(word)
            starts.append(at + start)
            ends.append(at + end)

    def _word(self, line: str) -> Word:
        # surface <tab> pos,semantic,has-final-consonant,reading,type,first pos,last pos,expression
        surface, _, feature = line.partition("\t")
        pos, semantic, _ = feature.split(",", 2)
        word = (surface, pos, "" if semantic == "*" else semantic)
        if len(self._words) < _LINES_KEPT:
            self._words[line] = word
        return word

    def fingerprint(self) -> dict[str, str]:
        """The packages that hold the analyser and its dictionary, and the user dictionary."""
        out = {
            "backend": "mecab",
            "version": f"python-mecab-ko {version_of('python-mecab-ko')}",
            "dictionary": f"python-mecab-ko-dic {version_of('python-mecab-ko-dic')}",
        }
        if self._user_dictionary is not None:
            out["user_dictionary"] = self._user_dictionary.sha256
        return out


def _compiled(words: UserDictionary, folder: Path) -> Path:
    """A binary user dictionary in ``folder``. The dictionary's own model gives costs; ours are subtracted."""
    entries, assigned, compiled = folder / "words.csv", folder / "assigned.csv", folder / "user.dic"
    asked = [
        [w.form, "", "", "", w.pos, _known(w), _final(w.form), w.form, "*", "*", "*", "*"] for w in words.words
    ]
    _write(entries, asked)
    _dict_index("-a", "-u", assigned, entries)
    with assigned.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    for word, row in zip(words.words, rows, strict=True):
        row[3] = str(int(row[3]) - _BONUS.get(len(word.form), _LONG_BONUS))
        row[5] = word.semantic or "*"
    _write(entries, rows)
    _dict_index("-u", compiled, entries)
    return compiled


def _known(word: UserWord) -> str:
    """The semantic class for the cost model, which knows two of them and refuses the others."""
    return word.semantic if word.pos == "NNP" and word.semantic in ("인명", "지명") else "*"


def _final(form: str) -> str:
    """T or F as the dictionary writes it: does the word end in a consonant? Other scripts count as F."""
    last = ord(form[-1]) - 0xAC00
    if not 0 <= last < 11172:
        return "F"
    return "T" if last % 28 else "F"


def _write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def _dict_index(*arguments: object) -> None:
    """mecab-dict-index, in a process of its own: it talks on stdout."""
    command = [sys.executable, "-m", "mecab", "dict-index", "-f", "utf8", "-t", "utf8", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise TokenizerError(f"mecab cannot compile the user dictionary: {said}")

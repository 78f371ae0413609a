"""``ner-engine vectors``: raw text or Kiwi's model in, morpheme vectors in word2vec's text format out."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated, TextIO, cast

import typer

from ner_engine.datasets import read
from ner_engine.errors import ConfigError, DataError

__all__ = ["vectors"]


def _sentences(path: Path, limit: int) -> Iterator[str]:
    """The last tab-separated column of each line, at most ``limit`` lines (0: all); a folder is a corpus."""
    if path.is_dir():
        yield from (sentence.text for sentence in read(path).sentences)
        return
    if not path.is_file():
        raise DataError("expected a text file, one sentence a line (.gz may be compressed)", path=path)
    opened = partial(gzip.open, mode="rt") if path.suffix == ".gz" else open
    with cast(TextIO, opened(path, encoding="utf-8")) as file:
        try:
            for line in islice(file, limit or None):
                text = line.rstrip("\n").split("\t")[-1].strip()
                if text:
                    yield text
        except (UnicodeDecodeError, EOFError, OSError) as error:
            raise DataError(f"expected UTF-8 text (gzip for .gz); {error}", path=path) from None


def vectors(
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the vectors go.")],
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Text files, one sentence a line (.gz may be compressed), or corpus folders."),
    ] = None,
    from_kiwi: Annotated[
        bool, typer.Option("--from-kiwi", help="Take them from Kiwi's language model; no text is read.")
    ] = False,
    size: Annotated[int, typer.Option(min=0, help="Words to take from Kiwi (0: all).")] = 0,
    tokenizer: Annotated[str, typer.Option(help="The analyser that cuts morphemes.")] = "mecab",
    width: Annotated[int, typer.Option(min=2, help="Numbers a vector.")] = 64,
    limit: Annotated[int, typer.Option(min=0, help="Lines to take from each file (0: all).")] = 0,
    seed: Annotated[int, typer.Option(help="Seed of the decomposition.")] = 0,
) -> None:
    """Make morpheme vectors for a recipe's features.vectors.

    From raw text they start the table ``morpheme``; those of Kiwi's model are the table ``word``.

    \b
    Examples:
      ner-engine vectors corpora/klue/klue-ner-train.raw.tsv news.txt -o runs/vectors.txt
      ner-engine vectors --from-kiwi --width 96 -o runs/kiwi-vectors.txt
    """
    from ner_engine.datasets.source import write_atomically
    from ner_engine.tokenizers import load_tokenizer
    from ner_engine.training.word_vectors import train_vectors

    if from_kiwi == bool(files):
        raise ConfigError("vectors: expected text files or --from-kiwi; got " + ("both" if files else "neither"))
    if from_kiwi:
        from ner_engine.training.kiwi_vectors import kiwi_vectors

        made = kiwi_vectors(width=width, size=size, seed=seed)
    else:
        texts = (text for path in files or () for text in _sentences(path, limit))
        made = train_vectors(texts, load_tokenizer(tokenizer), width=width, seed=seed)
    write_atomically(output, made.lines())
    typer.echo(f"{len(made.names):,} vectors of {width} numbers: {output}", err=True)

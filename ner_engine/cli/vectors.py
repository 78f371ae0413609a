"""``ner-engine vectors``: raw text in, morpheme vectors in word2vec's text format out."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated, TextIO, cast

import typer

from ner_engine.datasets import read
from ner_engine.errors import DataError

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
    files: Annotated[
        list[Path],
        typer.Argument(help="Text files, one sentence a line (.gz may be compressed), or corpus folders."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the vectors go.")],
    tokenizer: Annotated[str, typer.Option(help="The analyser that cuts morphemes.")] = "mecab",
    width: Annotated[int, typer.Option(min=2, help="Numbers a vector.")] = 64,
    limit: Annotated[int, typer.Option(min=0, help="Lines to take from each file (0: all).")] = 0,
    seed: Annotated[int, typer.Option(help="Seed of the decomposition.")] = 0,
) -> None:
    """Make morpheme vectors from raw text, to start a tagger's morpheme table from (features.vectors).

    \b
    Example:
      ner-engine vectors corpora/klue/klue-ner-train.raw.tsv news.txt -o runs/vectors.txt
    """
    from ner_engine.datasets.source import write_atomically
    from ner_engine.tokenizers import load_tokenizer
    from ner_engine.training.word_vectors import train_vectors

    texts = (text for path in files for text in _sentences(path, limit))
    made = train_vectors(texts, load_tokenizer(tokenizer), width=width, seed=seed)
    write_atomically(output, made.lines())
    typer.echo(f"{len(made.names):,} vectors of {width} numbers: {output}", err=True)

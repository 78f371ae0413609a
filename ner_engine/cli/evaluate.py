"""``ner-engine evaluate``: a bundle and a corpus in, the figures on stdout and a report as HTML out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ner_engine.cli.counting import counting
from ner_engine.errors import DataError

if TYPE_CHECKING:
    from rich.console import Console

    from ner_engine.datasets import Corpus
    from ner_engine.spans import Entity
    from ner_engine.training.evaluate import Evaluation
    from ner_engine.training.metrics import Scores

__all__ = ["evaluate_command"]


@dataclass(frozen=True, slots=True)
class _Table:
    """Rows of text, the head first, the first column the names."""

    title: str
    rows: list[list[str]]


def _percent(share: float) -> str:
    return f"{100 * share:.2f}"


def _score_table(title: str, scores: Scores) -> _Table:
    from ner_engine.training.evaluate import macro

    rows = [["label", "precision", "recall", "F1", "gold"]]
    for name, c in [*scores.labels.items(), ("micro", scores.micro)]:
        rows.append([name, _percent(c.precision), _percent(c.recall), _percent(c.f1), f"{c.gold:,}"])
    mean = macro(scores)
    rows.append(["macro", *map(_percent, (mean.precision, mean.recall, mean.f1)), f"{scores.micro.gold:,}"])
    return _Table(title, rows)


def _tables(evaluation: Evaluation) -> list[_Table]:
    """What is printed, in order."""
    tables = [
        _score_table(f"Strict spans, {len(evaluation.sentences):,} sentences, per cent", evaluation.spans),
        _score_table("Characters, per cent", evaluation.characters),
    ]
    if evaluation.seen and evaluation.unseen:
        rows = [["entities", "recall", "gold"]]
        for name, r in (("seen in training", evaluation.seen), ("unseen", evaluation.unseen)):
            rows.append([name, _percent(r.recall) if r.gold else "-", f"{r.gold:,}"])
        tables.append(_Table("Recall by training data, per cent", rows))
    if evaluation.noise:
        clean = evaluation.spans.micro.f1
        rows = [["noise", "micro F1", "change"], ["as written", _percent(clean), ""]]
        for name, counts in evaluation.noise.items():
            rows.append([name, _percent(counts.f1), f"{100 * (counts.f1 - clean):+.2f}"])
        tables.append(_Table("Under noise, per cent", rows))
    ece = evaluation.calibration.ece
    rows = [["score", "predicted", "mean score", "right"]]
    for b in evaluation.calibration.bins:
        if b.count:
            place = f"{b.lower:.2f} to {b.upper:.2f}"
            rows.append([place, f"{b.count:,}", f"{b.score:.3f}", f"{b.accuracy:.3f}"])
    error = "nothing predicted" if ece is None else f"expected error {ece:.4f}"
    tables.append(_Table(f"Calibration of the scores, {error}", rows))
    tables.append(_Table("Confusions of spans", evaluation.confusion.rows()))
    found = evaluation.mistake_counts()
    tables.append(_Table("Mistakes", [["kind", "count"], *([kind, f"{n:,}"] for kind, n in found.items())]))
    return tables


def _print_plain(tables: Sequence[_Table]) -> None:
    from ner_engine.training.final_report import text_table

    typer.echo("\n\n".join(f"{table.title}\n{text_table(table.rows)}" for table in tables))


def _print_rich(tables: Sequence[_Table], console: Console) -> None:
    from rich.markup import escape
    from rich.table import Table

    for table in tables:
        shown = Table(title=escape(table.title), title_justify="left")
        for at, name in enumerate(table.rows[0]):
            shown.add_column(escape(name), justify="right" if at else "left", style="" if at else "bold")
        for row in table.rows[1:]:
            shown.add_row(*map(escape, row))
        console.print(shown)


def _check_labels(corpus: Corpus, labels: Sequence[str], ignored: frozenset[str], bundle: str) -> None:
    """Raise DataError at the first entity whose label the bundle cannot give."""
    known = ignored.union(labels)
    for index, sentence in enumerate(corpus.sentences):
        for span in sentence.entities:
            if span.label not in known:
                place = corpus.place(index)
                raise DataError(
                    f"expected a label of {bundle}: {', '.join(labels)}; got {span.label!r} "
                    f"(leave it out with --ignore {span.label})",
                    path=place.path,
                    line=place.line,
                )


def evaluate_command(
    bundle: Annotated[str, typer.Argument(help="Bundle name or path.")],
    data: Annotated[Path, typer.Argument(help="A corpus with gold entities, in any format that is read.")],
    format: Annotated[
        str | None, typer.Option(help="Format of DATA and --train (default: by their content).")
    ] = None,
    train: Annotated[
        Path | None, typer.Option(help="The training corpus: tells entities seen in it from unseen ones.")
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL", help="Leave a label out, gold and predicted (repeatable)."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="OUT.html", help="Write a report with every mistake.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, every mistake included.")] = False,
    no_noise: Annotated[bool, typer.Option("--no-noise", help="Leave the scores under noise out.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of the noise.")] = 0,
    min_score: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Count only entities at least this probable (default: the bundle's)."),
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Cores to use.")] = 1,
) -> None:
    """Measure a bundle on a corpus: strict and character F1, calibration, noise, confusions, mistakes.

    \b
    Example:
      ner-engine evaluate ko-chat corpus/chat-ko/test.jsonl --html report.html
    """
    import ner_engine
    from ner_engine.datasets import read
    from ner_engine.training.evaluate import NOISES, evaluate

    corpus = read(data, format=format)
    if not corpus.sentences:
        raise DataError("expected at least one sentence; got none", path=data)
    training = None if train is None else read(train, format=format).sentences
    engine = ner_engine.load(bundle, rules=False, threads=threads)
    ignored = frozenset(ignore or ())
    used = {span.label for sentence in corpus.sentences for span in sentence.entities}
    unknown = sorted(ignored.difference(engine.labels, used))
    if unknown:
        raise typer.BadParameter(
            f"expected labels of the bundle or the data; got {unknown[0]!r}", param_hint="--ignore"
        )
    _check_labels(corpus, engine.labels, ignored, engine.bundle.name)
    unused = [label for label in engine.labels if label not in used | ignored]
    if unused:
        typer.echo(f"note: {data} has no {', '.join(unused)}; --ignore what it does not annotate", err=True)

    passes = 1 if no_noise else 1 + len(NOISES)
    with counting(passes * len(corpus.sentences)) as count:

        def extract(texts: Sequence[str]) -> Iterator[list[Entity]]:
            for entities in engine.pipe(texts, min_score=min_score):
                count()
                yield entities

        evaluation = evaluate(
            extract, corpus.sentences, train=training, ignore=ignored, noise=not no_noise, seed=seed
        )
    if html is not None:
        from ner_engine.datasets.source import write_atomically
        from ner_engine.training import report

        write_atomically(html, [report.html(evaluation, title=f"{engine.bundle.name} on {data.name}")])
    if as_json:
        values = {"bundle": engine.bundle.name, "data": str(data), **evaluation.to_dict()}
        # a lone surrogate of the data becomes the JSON escape it is written with
        typer.echo(json.dumps(values, ensure_ascii=False).encode("utf-8", "backslashreplace"))
    elif sys.stdout.isatty():
        from rich.console import Console

        _print_rich(_tables(evaluation), Console())
    else:
        _print_plain(_tables(evaluation))

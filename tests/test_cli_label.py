"""``ner-engine corpus label``: raw sentences and a table of counts in, native JSON Lines out."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

pytest.importorskip("torch", reason="needs the train extra")

from ner_engine.cli import app
from ner_engine.datasets import read
from ner_engine.errors import BundleError, DataError

RAW = "w1\t백설한테 물어봐\nw2\t강남역 가는 길 알려줘\nw3\t고마워요 정말\n"


@pytest.fixture
def label(tmp_path, tiny_bundle):
    def run(counts, *options, raw=RAW, bundle=tiny_bundle, output=tmp_path / "out.jsonl"):
        (tmp_path / "raw.tsv").write_text(raw, encoding="utf-8")
        (tmp_path / "counts.tsv").write_text(counts, encoding="utf-8")
        command = ["corpus", "label", tmp_path / "raw.tsv", "--counts", tmp_path / "counts.tsv"]
        command += ["--bundle", bundle, "-o", output, *options]
        return CliRunner().invoke(app, [str(part) for part in command])

    return run


def test_raw_sentences_are_labelled(label, tmp_path):
    done = label("form\tlabel\tcount\n백설\tPS_NAME\t1\n강남역\tLC_OTHERS\t1\n")
    assert done.exit_code == 0, done.exception
    assert done.stdout == ""
    assert "3 sentences; of 2 mentions counted" in done.stderr
    sentences = read(tmp_path / "out.jsonl", format="jsonl").sentences
    assert [s.id for s in sentences] == ["w1", "w2", "w3"]
    assert [s.text for s in sentences] == [line.split("\t")[1] for line in RAW.splitlines()]
    assert ("강남역", "LC") in [(sentences[1].surface(e), e.label) for e in sentences[1].entities]
    assert ("백설", "PS") in [(sentences[0].surface(e), e.label) for e in sentences[0].entities]


def test_any_format_is_read(label, tmp_path):
    done = label("강남역\tLC\t1\n", "--from", "inline", raw="강남역 가는 길 알려줘\n")
    assert done.exit_code == 0, done.exception
    (sentence,) = read(tmp_path / "out.jsonl").sentences
    assert [(sentence.surface(e), e.label) for e in sentence.entities] == [("강남역", "LC")]


def test_what_cannot_be_is_refused_and_nothing_is_written(label, tmp_path):
    bad = label("강남역\tLC\n")
    assert isinstance(bad.exception, DataError)
    assert "counts.tsv:1: expected form, label and count" in str(bad.exception)
    assert isinstance(label("강남역\tLC\t1\n", bundle=tmp_path / "nowhere").exception, BundleError)
    assert label("강남역\tLC\t1\n", output=tmp_path / "raw.tsv").exit_code == 2
    assert not (tmp_path / "out.jsonl").exists()
    assert (tmp_path / "raw.tsv").read_text(encoding="utf-8") == RAW

"""Plain text: what its lines are, and what is refused with its place."""

from __future__ import annotations

import gzip

import pytest

from ner_engine.datasets.lines import read_distinct, read_lines
from ner_engine.errors import DataError


def test_lines_as_they_stand(tmp_path):
    path = tmp_path / "말.txt"
    path.write_bytes("\ufeff안녕 하세요\r\n\n반가워요\u2028정말".encode())
    assert list(read_lines(path)) == ["안녕 하세요\r\n", "\n", "반가워요\u2028정말"]


def test_a_column_of_each_line(tmp_path):
    path = tmp_path / "말.tsv"
    path.write_text("1\t안녕하세요\n\n2\t반가워요\r\n3\n", encoding="utf-8")
    found = read_lines(path, column=2)
    assert [next(found) for _ in range(3)] == ["안녕하세요", "\n", "반가워요"]
    with pytest.raises(DataError, match=r"말\.tsv:4: expected at least 2 tab-separated columns; got 1"):
        next(found)


def test_distinct_texts_spaces_aside(tmp_path):
    path = tmp_path / "말.txt"
    path.write_text("안녕 하세요\n안녕하세요\n 네 네 네 \n네네\n안녕  하셨죠\n", encoding="utf-8")
    assert list(read_distinct(path)) == ["안녕 하세요", "안녕 하셨죠"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("없음.txt", None),
        ("말.txt", "김밥".encode("cp949")),
        ("말.txt.gz", "김밥".encode()),
        ("반.txt.gz", gzip.compress("김밥 두 줄".encode())[:-9]),
    ],
)
def test_what_is_no_text_is_one_line(tmp_path, name, data):
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(DataError, match=r"expected (a text file|UTF-8 text)") as error:
        list(read_lines(path))
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)

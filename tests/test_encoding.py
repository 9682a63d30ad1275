"""Whatever the encoding, the text arrives or a finding says why not."""

import pytest
from files import HEADER, OLE, fail, only, put

from nma.grid import read_grid


@pytest.mark.parametrize(
    ("content", "seems"),
    [
        (b"PK\x03\x04 and more", "XLSX workbook"),
        (b"PK\x05\x06" + bytes(18), "ZIP archive"),
        (OLE, ".xls workbook"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "PNG image"),
        (b"\xff\xd8\xff\xe0JFIF", "JPEG image"),
        (b"GIF89a", "GIF image"),
        (b"\x1f\x8b\x08", "gzip archive"),
        (b"{\\rtf1", "RTF document"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html><table>", "web page"),
        (b"<?xml version='1.0'?>", "XML"),
        (b"a,b\n1,\x002\n", "binary"),
        ("a,b\n1,2\n".encode("utf-16-le"), "byte order mark"),
        ("a,b\n1,2\n".encode("utf-32"), "UTF-32"),
    ],
)
def test_what_is_no_text_is_named(tmp_path, content, seems):
    found = fail(put(tmp_path, content))
    assert found.rule == "not_a_table"
    assert seems in found.hint


@pytest.mark.parametrize(
    ("codec", "bom", "name"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8-sig", b"", "utf-8-sig"),
        ("utf-16-le", b"\xff\xfe", "utf-16"),
        ("utf-16-be", b"\xfe\xff", "utf-16"),
    ],
)
def test_unicode_is_read_without_a_word(tmp_path, codec, bom, name):
    read = read_grid(put(tmp_path, bom + "study\tn\nMüller ≤ 5\t4\n".encode(codec)))
    assert (read.header, read.rows) == (["study", "n"], [(2, ["Müller ≤ 5", "4"])])
    assert (read.how["encoding"], read.findings) == (name, [])


def test_a_guessed_encoding_is_said_with_the_first_word(tmp_path):
    text = f'{HEADER}\n"A\nB",1,\n\nC,2,by Müller – 2002\nD,3,é\n'
    read = read_grid(put(tmp_path, text.encode("cp1252")))
    found = only(read)
    assert (found.level, found.rule, found.row) == ("warning", "encoding", 4)
    assert "cp1252" in found.hint
    assert "reads as 'Müller'; if that is wrong" in found.hint
    assert read.rows[1] == (4, ["C", "2", "by Müller – 2002"])
    assert read.how["encoding"] == "cp1252"


def test_bytes_that_cp1252_lacks(tmp_path):
    read = read_grid(put(tmp_path, b"a,b\nM\x81ller,2\n"))
    assert read.how["encoding"] == "latin-1"
    assert [f.rule for f in read.findings] == ["encoding", "control_character"]


def test_a_guess_without_a_word_to_show(tmp_path):
    read = read_grid(put(tmp_path, b"a,b\n1,2\n\xa0,\n"))
    assert (only(read).rule, only(read).row) == ("encoding", None)
    assert read.rows == [(2, ["1", "2"])]


def test_long_cells_before_the_word_cost_nothing(tmp_path):
    read = read_grid(put(tmp_path, b"a,b\n" + b"x" * 99_000 + b",1\n\xe9,2\n"))
    assert (only(read).row, only(read).value) == (3, "é")


def test_broken_unicode(tmp_path):
    assert fail(put(tmp_path, "a,b\n".encode("utf-16") + b"x")).rule == "encoding"
    read = read_grid(put(tmp_path, b"\xef\xbb\xbfa,b\nM\xfcller,2\n"))
    assert (only(read).rule, only(read).row, only(read).column) == ("replacement_character", 2, "a")

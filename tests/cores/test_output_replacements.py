"""What stands for a character that the encoding of an output lacks."""

import io
import json

from hotline_services.output_encoding import handler_name, make_encodable


def test_what_an_encoding_lacks_is_replaced_by_its_likeness() -> None:
    assert in_encoding("us → ru — FL200·1200Z … ☎ é", "ascii") == "us -> ru - FL200.1200Z . ? ?"
    assert in_encoding("us → ru · é", "latin-1") == "us -> ru · é"
    assert in_encoding("us → ru — é", "cp1252") == "us -> ru — é"
    assert in_encoding("│ ● ▲ ⠉ │", "ascii") == "| o ^ . |"


def test_columns_stay_in_line() -> None:
    rows = ["line     reason", "us → ru  routine", "é → ☎    one   two"]
    written = [in_encoding(row, "ascii") for row in rows]
    assert written == ["line     reason", "us -> ru routine", "? -> ?   one   two"]
    assert in_encoding("a → b  c\nd  e\n", "ascii") == "a -> b c\nd  e\n"
    assert in_encoding("a → b\nd  e\n", "ascii") == "a -> b\nd  e\n"


def test_a_screen_that_is_drawn_cell_by_cell_keeps_its_width() -> None:
    drawn = "us → ru  │☎ RINGS: ◆ ▲ ⠉⠒─"
    assert drawn.encode("ascii", errors=handler_name("ascii", cells=True)).decode() == "us > ru  |? RINGS: * ^ ..-"


def test_json_loses_nothing_of_what_an_encoding_lacks() -> None:
    written = in_encoding('{"detail": "us → ru, Ж, 😀"}', "latin-1")
    assert written.isascii()
    assert json.loads(written) == {"detail": "us → ru, Ж, 😀"}


def test_a_name_that_is_no_utf_8_ends_nothing_and_utf_8_is_as_ever() -> None:
    assert in_encoding("file \udce9", "utf-8") == "file ?"
    assert in_encoding("us → ru  · ☎", "utf-8") == "us → ru  · ☎"


def in_encoding(text: str, encoding: str) -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    make_encodable(stream)
    stream.write(text)
    stream.flush()
    return raw.getvalue().decode(encoding)

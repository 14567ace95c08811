import codecs

import pytest

from probe.wire.charset import charset_of

META = b'<!doctype html><html><head><title>x</title><meta charset="%s">'


@pytest.mark.parametrize(
    ("said", "media_type", "beginning", "charset"),
    [
        (None, "text/html", b"", "utf-8"),
        ("ISO-8859-2", "text/html", b"", "iso8859-2"),
        ("shift_jis", "text/html", META % b"utf-8", "shift_jis"),
        ("utf-8", "text/html", codecs.BOM_UTF16_LE, "utf-8"),
        (None, "text/plain", codecs.BOM_UTF8 + b"a", "utf-8"),
        (None, "text/html", codecs.BOM_UTF16_LE + META % b"utf-8", "utf-16-le"),
        (None, "text/html", codecs.BOM_UTF16_BE + b"\0a", "utf-16-be"),
        (None, "text/html", META % b"windows-1251", "cp1251"),
        (None, "application/xhtml+xml", META % b"windows-1251", "cp1251"),
        (None, "text/html", b"<META http-equiv=Content-Type content='text/html; charset=euc-jp'>", "euc_jp"),
        (None, "text/html", META % b"utf-16", "utf-8"),
        (None, "application/json", META % b"windows-1251", "utf-8"),
        (None, "text/html", b" " * 1024 + META % b"windows-1251", "utf-8"),
    ],
)
def test_the_charset_is_what_says_it_first(said: str | None, media_type: str, beginning: bytes, charset: str) -> None:
    assert charset_of(said, media_type, beginning) == (charset, "")


@pytest.mark.parametrize(
    ("label", "charset"),
    [
        ("latin1", "cp1252"),
        ("us-ascii", "cp1252"),
        ("GBK", "gb18030"),
        ("ISO-8859-9", "cp1254"),
        (" UTF8 ", "utf-8"),
    ],
)
def test_old_names_mean_what_browsers_read(label: str, charset: str) -> None:
    assert charset_of(label, "text/html", b"") == (charset, "")


@pytest.mark.parametrize(
    "label", ["x-klingon", "base64", "idna", "rot13", "unicode_escape", "utf-7", "undefined", "a\0b"]
)
def test_an_unknown_charset_is_read_as_utf_8_with_a_note(label: str) -> None:
    assert charset_of(label, "text/html", b"") == (
        "utf-8",
        f"the charset {label} is unknown: the body is read as utf-8",
    )


def test_with_a_byte_order_mark_an_unknown_charset_is_what_that_says() -> None:
    note = "the charset none is unknown: the body is read as utf-16-le"
    assert charset_of("none", "text/html", codecs.BOM_UTF16_LE) == ("utf-16-le", note)


def test_a_page_of_meta_is_looked_through_quickly() -> None:
    assert charset_of(None, "text/html", b"<meta " * 10_000_000) == ("utf-8", "")

from pathlib import Path

import pytest

from probe.wire.body import Body, FilePiece
from probe.wire.request import Request, has_header

HEADERS = (
    ("Authorization", "secret"),
    ("Cookie", "a=1"),
    ("Host", "shop"),
    ("Accept", "*/*"),
    ("X-Twice", "1"),
    ("X-Twice", "2"),
)
BODY = Body((b"card",))
OF_THE_BODY = (("Content-Type", "text/plain"), ("Idempotency-Key", "k"))
WRITTEN = Request("POST", "http://shop/pay", (*HEADERS, *OF_THE_BODY), BODY, fresh=True, exact=True)


def test_a_redirected_request_becomes_a_get_without_what_belongs_to_the_body() -> None:
    redirected = WRITTEN.redirected("http://shop/thanks", again=False)
    assert redirected == Request("GET", "http://shop/thanks", HEADERS, exact=True)


def test_a_request_that_is_made_again_stays_what_it_was() -> None:
    again = WRITTEN.redirected("http://shop/v2/pay", again=True)
    assert again == Request("POST", "http://shop/v2/pay", WRITTEN.headers, BODY, fresh=True, exact=True)


@pytest.mark.parametrize("elsewhere", ["https://shop/pay", "http://shop:81/pay", "http://other/pay"])
def test_another_origin_gets_no_credentials(elsewhere: str) -> None:
    assert WRITTEN.redirected(elsewhere, again=False).headers == HEADERS[3:]


def test_a_redirected_head_stays_a_head() -> None:
    assert Request("HEAD", "http://shop/").redirected("http://shop/x", again=False).method == "HEAD"


def test_a_header_is_found_however_it_is_spelled() -> None:
    assert (has_header(HEADERS, "host"), has_header(HEADERS, "hos")) == (True, False)


def test_all_that_is_sent_can_be_looked_through_also_where_pieces_meet(tmp_path: Path) -> None:
    file = tmp_path / "sent"
    file.write_bytes(b"x" * 200_000 + b"yz")
    body = Body((b"before", FilePiece(file, 200_002), b"after"))
    texts = list(Request("POST", "http://shop/pay", HEADERS, body).sent_texts(overlap=8))
    looked_for = ("http://shop/pay", "Authorization: secret", "forexxx", "xxxyz", "yzafter", "eafter")
    assert [part for part in looked_for if any(part in text for text in texts)] == list(looked_for[:-1])
    assert max(map(len, texts)) <= 64 * 1024 + 8

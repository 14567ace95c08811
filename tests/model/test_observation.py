import pytest
from msgspec.structs import replace

from probe.model.observation import Observation, Response, Whole


def _response(body: bytes, charset: str) -> Response:
    return Response("http://x/", 200, (), body, charset, 0, {})


@pytest.mark.parametrize(
    ("body", "charset", "text"),
    [
        (b"caf\xc3\xa9", "utf-8", "café"),
        (b"caf\xe9", "iso8859-1", "café"),
        (b"caf\xe9", "utf-8", "caf�"),
        (b"caf\xc3\xa9", "no-such-charset", "café"),
        (b"YQ==", "base64", "YQ=="),
        (b"a..b", "idna", "a..b"),
        (b"\\ud800", "unicode_escape", "\\ud800"),
        (b"\xef\xbb\xbfcaf\xc3\xa9", "utf-8", "café"),
        (b"\xff\xfec\x00", "utf-16-le", "c"),
    ],
)
def test_a_body_is_text_whatever_the_target_says_of_it(body: bytes, charset: str, text: str) -> None:
    assert _response(body, charset).text == text


def test_what_is_made_of_a_body_is_made_once_by_each_function() -> None:
    made = []

    def words(text: str) -> list[str]:
        made.append(text)
        return text.split()

    response = _response(b"a b", "utf-8")
    assert response.parsed(words) is response.parsed(words)
    assert (response.parsed(words), response.parsed(len), made) == (["a", "b"], 3, ["a b"])


def test_the_duration_is_from_start_to_end() -> None:
    assert Observation(1_000, 3_500, {}).duration_ns == 2_500


def test_size_and_digest_are_those_of_the_whole_body() -> None:
    kept = _response(b"abc", "utf-8")
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert (kept.size, kept.sha256) == (3, digest)
    cut = replace(kept, whole=Whole(9, "d1"))
    assert (cut.size, cut.sha256) == (9, "d1")

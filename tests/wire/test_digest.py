"""The vectors are those of RFC 7616 §3.9 and RFC 2617 §3.5."""

import hashlib
import re

import pytest

from probe.wire.digest import Asked, Challenge, read_challenges

RFC_7616 = [
    f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    for algorithm in ("MD5", "SHA-256")
]
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def fields(value: str) -> dict[str, str]:
    found = re.findall(r'([\w*]+)=(?:"((?:[^"\\]|\\.)*)"|([^,\s]+))', value.removeprefix("Digest "))
    return {name: quoted or bare for name, quoted, bare in found}


def asked(header: str) -> Asked:
    good, others = read_challenges([header])
    assert (len(good), others) == (1, [])
    return good[0]


def test_both_answers_of_the_rfc_are_given_and_the_better_one_first() -> None:
    good, others = read_challenges(RFC_7616)
    answers = [
        fields(Challenge(each, CNONCE).answer("Mufasa", "Circle of Life", "GET", "/dir/index.html")) for each in good
    ]
    assert others == []
    assert [(each["algorithm"], each["response"]) for each in answers] == [
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
    ]
    assert answers[0] | {"response": ""} == {
        "username": "Mufasa",
        "realm": "http-auth@example.org",
        "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        "uri": "/dir/index.html",
        "response": "",
        "algorithm": "SHA-256",
        "opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
        "qop": "auth",
        "nc": "00000001",
        "cnonce": CNONCE,
    }


def test_the_answer_of_rfc_2617_is_given() -> None:
    challenge = asked(
        'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    answer = fields(Challenge(challenge, "0a4f113b").answer("Mufasa", "Circle Of Life", "GET", "/dir/index.html"))
    assert answer["response"] == "6629fae49393a05397450978507c4ef1"
    assert "algorithm" not in answer


def test_without_qop_the_answer_is_that_of_rfc_2069() -> None:
    answer = fields(Challenge(asked('Digest realm="r", nonce="n"')).answer("u", "p", "GET", "/"))

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    assert answer == {
        "username": "u", "realm": "r", "nonce": "n", "uri": "/",
        "response": md5(f"{md5('u:r:p')}:n:{md5('GET:/')}"),
    }  # fmt: skip


def test_a_session_is_one_key_for_all_its_requests() -> None:
    challenge = Challenge(asked('Digest realm="r", nonce="n", qop=auth, algorithm=SHA-256-sess'), "c")

    def sha(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    key = sha(f"{sha('u:r:p')}:n:c")
    answers = [fields(challenge.answer("u", "p", "POST", "/x?y")) for _ in range(2)]
    assert [(each["nc"], each["cnonce"], each["response"]) for each in answers] == [
        (nc, "c", sha(f"{key}:n:{nc}:c:auth:{sha('POST:/x?y')}")) for nc in ("00000001", "00000002")
    ]


def test_a_name_is_hashed_where_the_server_asks_and_encoded_where_it_must_be() -> None:
    hashed = Challenge(asked('Digest realm="r", nonce="n", qop=auth, algorithm=SHA-256, userhash=true'))
    plain = Challenge(asked('Digest realm="r", nonce="n", qop=auth'))
    assert fields(hashed.answer("Jäsøn", "p", "GET", "/"))["username"] == hashlib.sha256("Jäsøn:r".encode()).hexdigest()
    assert fields(hashed.answer("u", "p", "GET", "/"))["userhash"] == "true"
    assert fields(plain.answer("Jäsøn", "p", "GET", "/"))["username*"] == "UTF-8''J%C3%A4s%C3%B8n"
    assert fields(plain.answer('a"b\\', "p", "GET", "/"))["username"] == 'a\\"b\\\\'


@pytest.mark.parametrize(
    ("header", "realm", "stale"),
    [
        ('Basic realm="x", Digest realm="a, Basic b=c", nonce="n", stale=TRUE, Bearer', "a, Basic b=c", True),
        ('digest  REALM = "r\\"q" ,nonce=n,stale="false"', 'r"q', False),
        ('Negotiate YWJj==, Digest nonce="n", realm=""', "", False),
        ('Newauth realm="apps", type=1, title="Login to \\"apps\\"", Digest realm="r", nonce="n"', "r", False),
    ],
)
def test_a_challenge_is_found_among_others(header: str, realm: str, stale: bool) -> None:
    found = asked(header)
    assert (found.realm, found.nonce, found.stale) == (realm, "n", stale)


@pytest.mark.parametrize(
    ("header", "other"),
    [
        ('Digest realm="r", nonce="n", algorithm=SHA-512-256', "algorithm SHA-512-256"),
        ('Digest realm="r", nonce="n", qop="auth-int"', "qop auth-int"),
        ('Digest realm="r"', "no nonce"),
    ],
)
def test_what_cannot_be_answered_is_told(header: str, other: str) -> None:
    assert read_challenges([header]) == ([], [other])


@pytest.mark.parametrize("header", ["", "Basic", 'Basic realm="Digest x=1"', ",,,", '"', 'Digestive nonce="n"'])
def test_other_schemes_are_no_challenge(header: str) -> None:
    assert read_challenges([header]) == ([], [])


def test_every_challenge_has_a_nonce_of_our_own() -> None:
    told = asked('Digest realm="r", nonce="n", qop=auth')
    assert len({fields(Challenge(told).answer("u", "p", "GET", "/"))["cnonce"] for _ in range(20)}) == 20

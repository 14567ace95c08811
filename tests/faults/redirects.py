"""Redirects that lead nowhere, round in circles or out of the web."""

import asyncio

from probe.model.result import Cause
from tests.faults.row import BEGUN, FOLLOW, KEPT, Row, Scene, answers, talks


def to(location: str, status: int = 302, more: str = "") -> Scene:
    """A server that redirects whatever it is asked to there; `{n}` counts."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = 0
        while True:
            await reader.readuntil(b"\r\n\r\n")
            asked += 1
            there = location.replace("{n}", str(asked))
            head = f"HTTP/1.1 {status} Away\r\nLocation: {there}\r\n{more}Content-Length: 0\r\n\r\n"
            writer.write(head.encode("latin1"))

    return talks(talk)


async def _until_cookie(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Wants a cookie back that no client sends there."""
    while b"ok=1" not in await reader.readuntil(b"\r\n\r\n"):
        writer.write(b"HTTP/1.1 302 Away\r\nLocation: /\r\nSet-Cookie: ok=1; Secure\r\nContent-Length: 0\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


PROTOCOL, STATUS = Cause.PROTOCOL, Cause.STATUS
ROWS = [
    Row(
        "without end",
        to("/{n}"),
        PROTOCOL,
        "more than 5 redirects: the next would go to http://{host}/6",
        KEPT,
        [FOLLOW],
        6,
    ),
    Row(
        "to itself", to("/"), PROTOCOL, "more than 5 redirects: the next would go to http://{host}/", KEPT, [FOLLOW], 6
    ),
    Row("to nowhere", to(""), PROTOCOL, "more than 5 redirects: the next would go to http://{host}", KEPT, [FOLLOW], 6),
    Row(
        "a cookie that never comes back",
        talks(_until_cookie),
        PROTOCOL,
        "more than 5 redirects: the next would go to http://{host}/",
        KEPT,
        [FOLLOW],
        6,
    ),
    Row(
        "to a file",
        to("file:///etc/passwd"),
        PROTOCOL,
        "redirected to an address no request can go to: file:///etc/passwd (it does not start with http:// or https://)",
        BEGUN,
        [FOLLOW],
    ),
    Row(
        "to a script",
        to("javascript:alert(1)"),
        PROTOCOL,
        "redirected to an address no request can go to: javascript:alert(1) (it does not start with http:// or https://)",
        BEGUN,
        [FOLLOW],
    ),
    Row(
        "to an app",
        to("shop://basket"),
        PROTOCOL,
        "redirected to an address no request can go to: shop://basket (it does not start with http:// or https://)",
        BEGUN,
        [FOLLOW],
    ),
    Row(
        "with too many slashes",
        to("http:///basket"),
        PROTOCOL,
        "more than 5 redirects: the next would go to http://{host}/basket",
        KEPT,
        [FOLLOW],
        6,
    ),
    Row(
        "to a port that is none",
        to("http://127.0.0.1:99999/"),
        PROTOCOL,
        "redirected to an address no request can go to: http://127.0.0.1:99999/ (its host or port is malformed)",
        BEGUN,
        [FOLLOW],
    ),
    Row(
        "to port 0",
        to("http://127.0.0.1:0/"),
        PROTOCOL,
        "redirected to an address no request can go to: http://127.0.0.1:0/ (it has a blank, a control character or…",
        BEGUN,
        [FOLLOW],
    ),
    Row(
        "to a bracket that is never closed",
        to("http://[::1/"),
        PROTOCOL,
        "redirected to an address no request can go to: http://[::1/ (Invalid IPv6 URL)",
        BEGUN,
        [FOLLOW],
    ),
    Row(
        "to a host with a blank",
        to("http://a b/"),
        PROTOCOL,
        "redirected to an address no request can go to: http://a b/ (it has a blank, a control character or…",
        BEGUN,
        [FOLLOW],
    ),
    Row(
        "to a host with a nul",
        to("http://a%00b/"),
        PROTOCOL,
        "redirected to an address no request can go to: http://a%00b/ (its host has a character in it …",
        BEGUN,
        [FOLLOW],
    ),
    Row(
        "to an empty label",
        to("http://a..b/"),
        PROTOCOL,
        "redirected to an address no request can go to: http://a..b/ (its host or port is malformed)",
        BEGUN,
        [FOLLOW],
    ),
    Row(
        "to half an address",
        to("http://127.1/"),
        PROTOCOL,
        "redirected to an address no request can go to: http://127.1/ (its host or port is malformed)",
        BEGUN,
        [FOLLOW],
    ),
    Row(
        "to bytes that are no text",
        to("/\xff\xfe"),
        PROTOCOL,
        "more than 5 redirects: the next would go to http://{host}/��",
        KEPT,
        [FOLLOW],
        6,
    ),
    Row(
        "to a URL of 40 KB",
        to("/" + "x" * 40_000),
        PROTOCOL,
        "more than 5 redirects: the next would go to http://{host}/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…",
        KEPT,
        [FOLLOW],
        6,
    ),
    Row(
        "to a port where nobody listens",
        to("http://127.0.0.1:1/"),
        Cause.CONNECT,
        "connection refused by 127.0.0.1:1",
        "connect",
        [FOLLOW],
        2,
    ),
    Row(
        "to a name that does not exist",
        to("http://shop.invalid/"),
        Cause.RESOLVE,
        "the name shop.invalid does not resolve: it does not exist (NXDOMAIN)",
        "resolve",
        [FOLLOW],
        2,
    ),
    Row(
        "without a destination",
        answers(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"),
        STATUS,
        "status: expected 2xx (no check says otherwise), got 302",
        BEGUN,
        [FOLLOW],
    ),
    Row("300", to("/", 300), STATUS, "status: expected 2xx (no check says otherwise), got 300", BEGUN, [FOLLOW]),
    Row(
        "304",
        answers(b"HTTP/1.1 304 Not Modified\r\nLocation: /\r\n\r\n"),
        STATUS,
        "status: expected 2xx (no check says otherwise), got 304",
        BEGUN,
        [FOLLOW],
    ),
    Row(
        "305 to a proxy",
        to("http://127.0.0.1:1/", 305),
        STATUS,
        "status: expected 2xx (no check says otherwise), got 305",
        BEGUN,
        [FOLLOW],
    ),
    Row("not followed", to("/"), STATUS, "status: expected 2xx (no check says otherwise), got 302", BEGUN),
]

"""Names that do not resolve, or to nothing that helps."""

import socket

from probe.model.result import Cause
from probe.settings import NAMESERVERS
from tests.faults.row import BEGUN, BRIEF, CONNECTING, NAMED, Ground, Row, Scene, Where, at, saying
from tests.wire.names import (
    FORMERR,
    GARBAGE,
    LOOP,
    NODATA,
    NOTIMP,
    NXDOMAIN,
    REFUSED,
    SERVFAIL,
    SILENCE,
    TRUNCATED,
    Said,
    name_server,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
NAME = "shop.test"


def told(said: Said, at: str = "127.0.0.1") -> Scene:
    """The name server says that of the name, and the shop answers."""

    async def scene(ground: Ground) -> Where:
        port = (await ground.serve(saying(OK), None, at)).rpartition(":")[2]
        return await _asking(ground, said, f"http://{NAME}:{port}/")

    return scene


def closed(said: Said) -> Scene:
    """It does, and nobody listens there."""

    async def scene(ground: Ground) -> Where:
        deaf = ground.stack.enter_context(socket.socket())
        deaf.bind(("127.0.0.1", 0))
        return await _asking(ground, said, f"http://{NAME}:{deaf.getsockname()[1]}/")

    return scene


async def _asking(ground: Ground, said: Said, url: str) -> Where:
    server = ground.stack.enter_context(name_server({NAME: said, f"{NAME}.": said}))
    return Where(url, environ={NAMESERVERS: server.address})


async def _nobody(ground: Ground) -> Where:
    deaf = ground.stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    deaf.bind(("127.0.0.1", 0))
    port = deaf.getsockname()[1]
    deaf.close()
    return Where(f"http://{NAME}/", environ={NAMESERVERS: f"127.0.0.1:{port}"})


RESOLVE, TIMEOUT, CONNECT, SCRIPT = Cause.RESOLVE, Cause.TIMEOUT, Cause.CONNECT, Cause.SCRIPT
ROWS = [
    Row(
        "NXDOMAIN", told(NXDOMAIN), RESOLVE, "the name shop.test does not resolve: it does not exist (NXDOMAIN)", NAMED
    ),
    Row(
        "SERVFAIL",
        told(SERVFAIL),
        RESOLVE,
        "the name shop.test does not resolve: the name server {nameserver} failed to find out (SERVFAIL)",
        NAMED,
    ),
    Row(
        "REFUSED",
        told(REFUSED),
        RESOLVE,
        "the name shop.test does not resolve: the name server {nameserver} refused to say (REFUSED)",
        NAMED,
    ),
    Row(
        "FORMERR",
        told(FORMERR),
        RESOLVE,
        "the name shop.test does not resolve: the name server {nameserver} did not answer what was asked (…",
        NAMED,
    ),
    Row(
        "NOTIMP",
        told(NOTIMP),
        RESOLVE,
        "the name shop.test does not resolve: the name server {nameserver} did not answer what was asked (…",
        NAMED,
    ),
    Row(
        "no address", told(NODATA), RESOLVE, "the name shop.test does not resolve: it exists and has no address", NAMED
    ),
    Row(
        "garbage from the name server",
        told(GARBAGE),
        RESOLVE,
        "the name shop.test does not resolve: the name server {nameserver} did not answer what was asked (…",
        NAMED,
        [BRIEF],
    ),
    Row(
        "a name that is another name's alias in a circle",
        told(LOOP),
        RESOLVE,
        "the name shop.test does not resolve: it exists and has no address",
        NAMED,
        [BRIEF],
    ),
    Row(
        "a name server that is silent",
        told(SILENCE),
        TIMEOUT,
        "no answer within {limit}: the time ran out in resolve",
        NAMED,
        [BRIEF],
    ),
    Row(
        "no name server",
        _nobody,
        RESOLVE,
        "the name {host} does not resolve: the name server {nameserver} cannot be reached",
        NAMED,
        ["{name: look, timeout: 20s, http: {get: '${shop}'}}"],
    ),
    Row("an answer too long for UDP", told(TRUNCATED, "127.0.0.9"), None, "", f"{NAMED} {BEGUN}"),
    Row("one address of two is dead", told(("127.0.0.2", "127.0.0.1")), None, "", f"{NAMED} {BEGUN}"),
    Row(
        "all addresses are dead",
        closed(("127.0.0.2", "127.0.0.3")),
        CONNECT,
        "connection refused by {host}",
        f"{NAMED} {CONNECTING}",
    ),
    Row(
        "an address of another family only",
        closed(("::1",)),
        CONNECT,
        "connection refused by {host}",
        f"{NAMED} {CONNECTING}",
    ),
    Row(
        "a label that is too long",
        at(f"http://{'a' * 64}.test/"),
        SCRIPT,
        "not a URL a request can go to: http://{host}/ (its host or port is malformed)",
        "",
        exchanges=0,
    ),
    Row(
        "an empty label",
        at("http://a..b/"),
        SCRIPT,
        "not a URL a request can go to: http://{host}/ (its host or port is malformed)",
        "",
        exchanges=0,
    ),
    Row(
        "a name of 300 characters",
        at(f"http://{'abc.' * 75}test/"),
        SCRIPT,
        "not a URL a request can go to: http://abc.abc.abc.abc.abc.abc.abc.abc.abc.abc.abc.abc.abc.abc.abc.abc.abc.abc.…",
        "",
        exchanges=0,
    ),
]

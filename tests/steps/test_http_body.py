from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from probe.demo.shop import Shop
from probe.model.file import File
from probe.model.result import Cause, Failure
from probe.steps import http
from probe.steps.http_action import BODIES, Action, Json
from probe.steps.http_graphql import Graphql
from probe.steps.http_multipart import Part
from probe.wire.client import Client
from tests.steps.asking import PLACE, Serve, attempt, echoed, failure, text
from tests.wire.recording import Recording

SENT: dict[str, tuple[dict[str, Any], str, str]] = {
    "form": ({"form": {"a": (text("ü"), text("2"))}}, "a=%C3%BC&a=2", "application/x-www-form-urlencoded"),
    "json": ({"json": Json({"a": (1, text("ü"))})}, '{"a": [1, "ü"]}', "application/json"),
    "null": ({"json": Json(None)}, "null", "application/json"),
    "graphql": ({"graphql": Graphql(text("{shop}"))}, '{"query": "{shop}"}', "application/json"),
    "body": ({"body": text("ü")}, "ü", "text/plain; charset=utf-8"),
}


@pytest.mark.parametrize(("given", "body", "content_type"), SENT.values(), ids=list(SENT))
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_is_sent_with_its_type(
    shop: Shop, session: Client, given: dict[str, Any], body: str, content_type: str, chunked: bool
) -> None:
    sent = await echoed(Action(post=text(f"{shop.url}/echo"), chunked=chunked, **given), session)
    assert (sent["body"], sent["headers"]["content-type"]) == (body, content_type)
    assert ("transfer-encoding" in sent["headers"], "content-length" in sent["headers"]) == (chunked, not chunked)


def file(folder: Path, content: bytes = b"a picture") -> File:
    (folder / "photo.jpg").write_bytes(content)
    return File("photo.jpg", replace(PLACE, file=str(folder / "journey.yaml")))


async def test_a_file_is_the_whole_body(shop: Shop, session: Client, tmp_path: Path) -> None:
    sent = await echoed(Action(put=text(f"{shop.url}/echo"), file=file(tmp_path)), session)
    assert (sent["body"], sent["headers"]["content-type"], sent["headers"]["content-length"]) == (
        "a picture",
        "application/octet-stream",
        "9",
    )


async def test_a_file_that_is_gone_is_told_before_anything_is_sent(session: Client, tmp_path: Path) -> None:
    gone, performance = file(tmp_path), attempt()
    gone.path.unlink()
    found = await failure(Action(put=text("http://127.0.0.1:1/"), file=gone), session, performance)
    message = "the file photo.jpg cannot be sent: No such file or directory"
    assert (found, performance.exchanges) == (Failure(Cause.SCRIPT, message, gone.place), [])


async def test_a_form_can_have_files_in_it(shop: Shop, session: Client, tmp_path: Path) -> None:
    parts = {"title": (Part(text=text("Harbour")),), "photo": (Part(file=file(tmp_path)),)}
    sent = await echoed(Action(post=text(f"{shop.url}/echo"), multipart=parts), session)
    assert sent["form"] == [["title", "Harbour"], ["photo", "a picture"]]


async def test_a_boundary_of_ones_own_is_used(serve: Serve, session: Client) -> None:
    server = Recording()
    headers = {"Content-Type": (text('multipart/form-data; boundary="a b"'),)}
    url = text(await serve(server.talk))
    action = Action(post=url, headers=headers, headers_exact=True, multipart={"a": (Part(text=text("1")),)})
    await http.perform(action, session, attempt())
    assert server.bodies == [b'--a b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--a b--\r\n']
    assert server.names == ["Host", "Content-Type", "Content-Length"]


async def test_a_content_type_without_the_boundary_is_refused(session: Client) -> None:
    headers = {"content-type": (text("multipart/form-data"),)}
    action = Action(post=text("http://127.0.0.1:1/"), headers=headers, multipart={"a": (Part(text=text("1")),)})
    hint = "leave it out, and it is written with the boundary"
    message = "the Content-Type beside multipart: has no boundary"
    assert await failure(action, session, attempt()) == Failure(Cause.SCRIPT, message, PLACE, hint=hint)


async def test_graphql_says_which_answers_it_understands(shop: Shop, session: Client) -> None:
    action = Action(post=text(f"{shop.url}/echo"), graphql=Graphql(text("{shop}")))
    seen = await echoed(action, session)
    assert seen["headers"]["accept"] == "application/graphql-response+json, application/json;q=0.9"


def test_every_kind_of_body_is_one_that_is_tried_here() -> None:
    tried = {name for given, *_ in SENT.values() for name in given} | {"file", "multipart"}
    assert tried == set(BODIES)

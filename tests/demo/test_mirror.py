import pytest
from aiohttp import ClientSession, FormData


@pytest.mark.parametrize("hops", [1, 5])
async def test_a_chain_of_redirects_has_the_length_asked_for(visitor: ClientSession, hops: int) -> None:
    async with visitor.get(f"/redirect/{hops}") as answer:
        assert ([hop.status for hop in answer.history], answer.url.path) == ([302] * hops, "/")


@pytest.mark.parametrize("size", [0, 1, 256, 100_001])
async def test_bytes_are_as_many_as_asked_for_and_always_the_same(visitor: ClientSession, size: int) -> None:
    async with visitor.get(f"/bytes/{size}") as first, visitor.get(f"/bytes/{size}") as second:
        body = await first.read()
        assert (len(body), first.content_length, body == await second.read()) == (size, size, True)


@pytest.mark.parametrize("code", [200, 204, 304, 418, 503, 599])
async def test_a_status_can_be_asked_for(visitor: ClientSession, code: int) -> None:
    async with visitor.get(f"/status/{code}") as answer:
        assert answer.status == code


@pytest.mark.parametrize("path", ["/status/99", "/status/600", "/redirect/0", "/bytes/999999999", "/bytes/-1"])
async def test_what_no_answer_can_be_is_not_found(visitor: ClientSession, path: str) -> None:
    async with visitor.get(path) as answer:
        assert answer.status == 404


async def test_echo_shows_the_request(visitor: ClientSession) -> None:
    async with visitor.put("/echo?a=1&a=2", data="Grüße", headers={"X-Mark": "x"}) as answer:
        seen = await answer.json()
    assert ["X-Mark", "x"] in seen.pop("headers")
    assert seen == {"method": "PUT", "path": "/echo", "query": [["a", "1"], ["a", "2"]], "body": "Grüße", "form": []}


async def test_echo_reads_a_form(visitor: ClientSession) -> None:
    async with visitor.post("/echo", data=[("a", "1"), ("a", ""), ("b", "ü&")]) as answer:
        seen = await answer.json()
    assert (seen["body"], seen["form"]) == ("a=1&a=&b=%C3%BC%26", [["a", "1"], ["a", ""], ["b", "ü&"]])


async def test_echo_reads_a_form_of_many_parts(visitor: ClientSession) -> None:
    form = FormData({"name": "ü"}, default_to_multipart=True)
    form.add_field("file", b"content", filename="a.txt", content_type="text/plain")
    async with visitor.post("/echo", data=form) as answer:
        seen = await answer.json()
    assert (seen["form"], "a.txt" in seen["body"]) == ([["name", "ü"], ["file", "content"]], True)

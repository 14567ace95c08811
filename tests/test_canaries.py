"""Secrets placed wherever a secret can be; everything that is written anywhere is searched for them."""

import asyncio
import base64
import html
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

from aiohttp import ClientSession

from probe.demo.shop import Shop
from probe.hub.app import Hub
from tests.cli.process import run_probe, start_probe

CARD = 'c4n4ry&"<ü>+/= 4242'
TOKEN = "t0k3n-canary-0815"

JOURNEY = """\
journey: canaries
schedule: {every: 1s, timeout: 20s}
variables:
  shop: "SHOP"
  derived: ${card | base64}
secrets: {card: {env: CARD}, token: {env: TOKEN, hosts: ["127.0.0.1"]}}
steps:
  - name: everywhere in a request
    http:
      post: "${shop}/echo"
      params: {card: "${card}", "${token}": x}
      headers: {X-Token: "${token}", Authorization: "Basic ${derived}"}
      json: {card: "${card}", deep: [{token: "${token}"}]}
    capture:
      back: {body: }
      found: {jsonpath: $.headers, secret: true}
    check: [{body: {contains: "${token}"}, soft: true}]
  - name: in a form
    http: {post: "${shop}/echo", form: {card: "${card}", token: "${token}"}}
    capture: {form: {body: }}
  - name: in a text
    http: {post: "${shop}/echo", body: "<a>${card}</a>${derived}", headers: {Cookie: "t=${token}"}}
  - name: in a write
    effect: write
    http: {post: "${shop}/echo?token=${token}", body: "${card}"}
    capture: {order: {body: }}
    undo: {http: {get: "${shop}/status/500?order=${order | url_encode}&token=${token}"}}
  - name: in what fails
    http: {get: "${shop}/${token}/not-there?${card | url_encode}"}
    check: [{body: {equals: "${card}"}}, {header: "X-${token}", exists: true}]
always:
  - {name: nowhere, http: {get: "http://127.0.0.1:1/${token}?card=${card | url_encode}"}}
"""


def forms(secret: str) -> Iterator[bytes]:
    """What a secret becomes on its way; made by the libraries that make it so, not by our own redaction."""
    raw = secret.encode()
    yield raw
    for encode in (quote, quote_plus, html.escape, lambda text: quote(text, safe="")):
        yield encode(secret).encode()
    for escaped in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        yield escaped.encode()
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw).rstrip(b"=")
        stable = encoded[(0, 2, 3)[offset] : -1]
        yield stable
        yield stable.replace(b"+", b"-").replace(b"/", b"_")


CANARIES = {form for secret in (CARD, TOKEN) for form in forms(secret)}


def seen_in(content: bytes) -> list[bytes]:
    return [form for form in CANARIES if form.lower() in content.lower()]


def leaks(folder: Path) -> list[tuple[str, bytes]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [(path.name, form) for path in files for form in seen_in(path.read_bytes())]


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" + base64.b64encode(b"xx" + TOKEN.encode()) + b"y")
    assert leaks(tmp_path)


async def test_no_output_of_a_run_holds_a_secret(shop: Shop, tmp_path: Path) -> None:
    file, out = tmp_path / "journey.yaml", tmp_path / "out"
    file.write_text(JOURNEY.replace("SHOP", shop.url))
    out.mkdir()
    environ = {"CARD": CARD, "TOKEN": TOKEN, "PROBE_STATE": str(out / "state"), "GITHUB_STEP_SUMMARY": str(out / "sum")}
    reports = ["--json", out / "runs.jsonl", "--junit", out / "junit.xml"]
    run = await run_probe("run", "-v", file, *reports, **environ)
    smoke = await run_probe(
        "smoke", "-v", file, "--target", shop.url, *reports, "--markdown", out / "summary.md", **environ
    )
    listed = await run_probe("journal", "--all", "--json", **environ)
    (out / "terminal").write_text("".join(f"{ended.out}\n{ended.err}\n" for ended in (run, smoke, listed)))
    assert [ended.code for ended in (run, smoke, listed)] == [5, 5, 5]
    assert "everywhere in a request" in (out / "runs.jsonl").read_text()
    assert leaks(out) == []


async def test_no_trace_of_an_agent_and_its_hub_holds_a_secret(shop: Shop, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "journey.yaml").write_text(JOURNEY.replace("SHOP", shop.url))
    async with Hub(out / "hub") as hub:
        (tmp_path / "agent.yaml").write_text(
            "region: here\nagent: me\njourneys: [journey.yaml]\nstate: out/state\nlisten: 127.0.0.1:0\nheartbeat: 1s\n"
            "logging: {level: debug}\nsecrets: {folder: secrets}\n"
            f"export: [{{jsonl: {{path: out/runs.jsonl}}}}, {{hub: {{url: '{hub.url}'}}}}]\n"
        )
        (tmp_path / "secrets").mkdir()
        (tmp_path / "secrets" / "TOKEN").write_text(f"{TOKEN}\n")
        process = await start_probe("agent", tmp_path / "agent.yaml", CARD=CARD)
        assert process.stderr is not None
        log = b""
        async with asyncio.timeout(60):
            while b" at http://" not in log:
                log += await process.stderr.readline()
            while log.count(b"in what fails") < 2:
                log += await process.stderr.readline()
        url = log.decode().split(" at http://")[1].split(": ")[0]
        async with ClientSession() as session:
            for path in ("/metrics", "/status", "/status.json"):
                async with session.get(f"http://{url}{path}") as answer:
                    (out / path.strip("/")).write_bytes(await answer.read())
            process.send_signal(signal.SIGTERM)
            log += (await process.communicate())[1]
            for path in ("/", "/journey/canaries"):
                async with session.get(f"{hub.url}{path}") as answer:
                    (out / f"page{path.replace('/', '-')}").write_bytes(await answer.read())
    (out / "log").write_bytes(log)
    assert (out / "runs.jsonl").stat().st_size > 0
    assert leaks(out) == []

"""A journey that pays at the demo shop, and what it leaves behind."""

from pathlib import Path
from typing import Any

from probe.durable.transactions import Transactions
from probe.model.journey import Journey
from probe.model.result import Trigger
from probe.safety import journal
from probe.safety.journal import Entry
from probe.settings import Settings
from probe.spec.load import load_journey

CARD = "4242424242424242"
CHECKOUT = """\
journey: checkout
variables:
  shop: ${env("SHOP_URL")}
  sku: TSHIRT-M
secrets: {card: {env: TEST_CARD, hosts: ["127.0.0.1"]}}
steps:
  - name: browse
    http: {get: "${shop}/products/${sku}"}
    capture: {csrf: {css: "input[name=csrf]", attribute: value}}
  - name: fill
    http: {post: "${shop}/cart", form: {sku: "${sku}", qty: 1, csrf: "${csrf}"}, follow: 1}
  - name: pay
    effect: write
    amount: {value: 19.90, currency: EUR}
    http: {post: "${shop}/pay", json: {card: "${card}"}}
    capture: {order: {jsonpath: $.order.id}}
    undo:
      login: [{name: enter, http: {get: "${shop}/healthz"}}]
      find:
        http: {get: "${shop}/api/orders", params: {key: "${idempotency_key}"}}
        absent: [{status: 404}]
        after: 1ms
        capture: {order: {jsonpath: $.id}}
      http: {delete: "${shop}/orders/${order}"}
"""
WITHOUT_UNDO = CHECKOUT.partition("    undo:")[0]


def checkout(folder: Path, text: str = CHECKOUT) -> Journey:
    path = folder / "checkout.yaml"
    path.write_text(text)
    return load_journey(path)


def settings(url: str, database: Transactions | None, **more: Any) -> Settings:
    environ = {"SHOP_URL": url, "TEST_CARD": CARD}
    given = {"trigger": Trigger.MANUAL, "region": "here", "agent": "me", "environ": environ, "env": "production"}
    return Settings(**{**given, "journal": database, **more})


async def entries(database: Transactions) -> list[Entry]:
    return await database.read(journal.entries)

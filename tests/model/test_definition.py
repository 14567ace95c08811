import pytest

from probe.model.definition import LENGTH
from probe.spec.load import read_journey
from probe.spec.source import Source

BASE = """\
journey: checkout
description: A shopper pays.
schedule: {every: 15m}
variables: {shop: "http://a.example", sku: A}
secrets: {card: {env: CARD, hosts: [a.example]}}
steps:
  - name: pay
    effect: write
    amount: {value: 19.90, currency: EUR}
    http: {post: "${shop}/pay", json: {card: "${card}", list: [1, 2.5, null, true]}}
    check: [{phase: processing, below: 500ms}]
    undo: {http: {delete: "${shop}/orders"}}
  - name: wait
    wait: 2s
"""


def definition(text: str) -> str:
    return read_journey(Source("a.yaml", text)).definition


def test_it_is_short_and_the_same_every_time() -> None:
    assert definition(BASE) == definition(BASE)
    assert len(definition(BASE)) == LENGTH


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("journey: checkout", "# a comment\n\njourney:   checkout"),
        ("every: 15m", "every: 5m"),
        ("http://a.example", "http://b.example"),
        ("sku: A", "sku: B"),
        ("A shopper pays.", "Somebody pays."),
        ("{env: CARD, hosts: [a.example]}", "{env: OTHER}"),
    ],
)
def test_places_schedules_words_and_values_do_not_change_it(old: str, new: str) -> None:
    assert BASE.replace(old, new) != BASE
    assert definition(BASE.replace(old, new)) == definition(BASE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/pay", "/payments"),
        ("below: 500ms", "below: 501ms"),
        ("wait: 2s", "wait: 3s"),
        ("name: wait", "name: rest"),
        ("19.90", "19.91"),
        ("2.5", "2.6"),
        ("[1, 2.5", "[2.5, 1"),
        ("    effect: write\n    amount: {value: 19.90, currency: EUR}\n", ""),
        ("delete:", "post:"),
        ("journey: checkout", "journey: other"),
        ("sku: A", "size: A"),
        ("secrets:", "network: {family: ipv4}\nsecrets:"),
        ("{post:", "{network: {insecure: true}, post:"),
    ],
)
def test_whatever_is_done_or_checked_does(old: str, new: str) -> None:
    text = BASE.replace(old, new)
    if "effect" in old:
        text = text.replace('    undo: {http: {delete: "${shop}/orders"}}\n', "")
    assert text != BASE
    assert definition(text) != definition(BASE)


def test_what_is_said_as_it_is_anyway_does_not_change_it() -> None:
    assert definition(BASE.replace("    wait: 2s", "    wait: 2s\n    effect: read")) == definition(BASE)

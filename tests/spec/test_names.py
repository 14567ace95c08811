import pytest

from probe.errors import SpecError
from tests.spec.reading import GET, HEAD, journey, wrong

ORDER = '- name: pay\n  http: {post: "${shop}/pay"}\n  capture: {order: {jsonpath: $.id}}\n'


@pytest.mark.parametrize(
    "text",
    [
        HEAD + ORDER + '- name: look\n  http: {get: "${shop}/${order}"}\n',
        HEAD + GET + "always:\n" + ORDER + '- name: look\n  http: {get: "${shop}/${order}"}\n',
        HEAD + ORDER + 'always:\n- name: look\n  http: {get: "${shop}/${order}"}\n',
        HEAD + ORDER + '  effect: write\n  undo: {http: {delete: "${shop}/${order}"}}\n',
        HEAD + ORDER + ORDER.replace("pay", "again"),
        HEAD.replace("http://x", "http://${key}/") + GET + "secrets: {key: {env: KEY}}",
        HEAD.replace("}", ', cart: "${shop}/cart"}') + '- {name: s, http: {get: "${cart}"}}',
        HEAD + '- name: s\n  http: {get: "${shop}/$${free}"}\n',
    ],
)
def test_a_name_may_be_used_once_it_stands_for_something(text: str) -> None:
    assert wrong(text) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD + '- {name: s, http: {get: "${shop}/${ nope | upper }/${nope}"}}', "4:37 nope: nope is not defined here"),
        (
            HEAD + '- name: s\n  http: {get: "${shop}"}\n  check: [{css: "#${id}", exists: true}]',
            "6:21 id: id is not defined here",
        ),
        (HEAD + ORDER.replace("/pay", "/${order}"), "5:27 order: order is not defined here"),
        (HEAD + ORDER + '  check: [{status: {equals: "${order}"}}]', "7:32 order: order is not defined here"),
        (
            HEAD + ORDER + '  poll: {every: 1s, timeout: 2s, until: [{jsonpath: $.a, equals: "${x}"}]}',
            "7:69 x: x is not defined here",
        ),
        (HEAD + '- name: s\n  http: {post: "${shop}", json: {a: [{b: "${x}"}]}}', "5:45 x: x is not defined here"),
        (HEAD + GET + '  effect: write\n  undo: {http: {delete: "${shop}/${x}"}}', "7:36 x: x is not defined here"),
        ('journey: j\nvariables: {a: "${b}", b: c}\nsteps:\n- {name: s, wait: 1s}', "2:19 b: b is not defined here"),
        (HEAD + '- name: s\n  http: {get: "${shop}", body: "a\n    ${x}"}', '5:32 ": x is not defined here'),
    ],
)
def test_a_name_that_stands_for_nothing_yet_is_told_where_it_is_used(text: str, told: str) -> None:
    assert wrong(text) == [told]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (HEAD + '- {name: s, http: {get: "${shopp}"}}', "did you mean shop?"),
        (HEAD + '- {name: s, http: {get: "${xyz}"}}', "known here: shop"),
        (HEAD + '- {name: s, http: {get: "${order}"}}\n' + ORDER, "it gets its value later, at line 7"),
        (
            'journey: j\nsteps:\n- {name: s, http: {get: "${shop}"}}',
            "define it under variables:, or capture it in a step before",
        ),
    ],
)
def test_a_hint_says_where_a_value_could_come_from(text: str, hint: str) -> None:
    with pytest.raises(SpecError) as caught:
        journey(text)
    assert [mistake.hint for mistake in caught.value.mistakes] == [hint]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD + GET + GET, '6:9 s: two steps are named "s"'),
        (HEAD + GET + "always:\n" + GET, '7:9 s: two steps are named "s"'),
        (HEAD + GET + "secrets: {shop: {env: SHOP}}", "6:11 shop: shop is a variable and a secret"),
        (HEAD + GET + "  capture: {shop: {css: h1}}", "6:13 shop: shop is a variable already"),
        (HEAD + GET + "  capture: {key: {css: h1}}\nsecrets: {key: {env: K}}", "6:13 key: key is a secret already"),
    ],
)
def test_a_name_has_one_meaning(text: str, told: str) -> None:
    assert wrong(text) == [told]


def test_names_are_looked_at_in_a_file_with_other_mistakes_too() -> None:
    text = HEAD + '- name: s\n  timeout: 5\n  http: {get: "${shop}/${nope}"}\n'
    assert [told.partition(": ")[2] for told in wrong(text)] == [
        "expected a duration, got the number 5",
        "nope is not defined here",
    ]


@pytest.mark.parametrize(
    ("right", "misspelt"), [("capture:", "captures:"), ("variables:", "variabels:"), ("variables:", "vars:")]
)
def test_what_a_misspelt_key_defines_is_not_told_to_be_missing(right: str, misspelt: str) -> None:
    text = HEAD + ORDER + '- name: look\n  http: {get: "${shop}/${order}"}\n'
    assert [told.rpartition(": ")[2] for told in wrong(text.replace(right, misspelt))] == [
        f"unknown key {misspelt[:-1]}{' in a step' if right == 'capture:' else ''}"
    ]


def test_an_undo_has_a_name_of_its_own_too() -> None:
    pay = '- name: pay\n  effect: write\n  http: {post: "${shop}/pay"}\n  undo: {http: {delete: "${shop}/pay"}}\n'
    other = '- name: undo pay\n  http: {get: "${shop}/"}\n'
    assert wrong(f"{HEAD}{pay}{other}") == ['7:9 {: two steps are named "undo pay"']
    assert wrong(f"{HEAD}{pay}{other.replace('undo pay', 'look')}") == []

import os
from pathlib import Path

import pytest

from probe.agent.load import Loaded, load_agent, unready
from probe.errors import SpecError
from probe.export.text import error_text
from probe.model.duration import NANOSECONDS
from probe.model.slot import Placement
from probe.safety.secrets import Secrets, Sources

S, M = NANOSECONDS["s"], NANOSECONDS["m"]
HEAD = "region: eu-west-1\njourneys: [journeys/*.yaml]\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    journey(tmp_path, "browse")
    journey(tmp_path, "pay", schedule="{every: 15m, timeout: 40s}")
    return tmp_path


def journey(folder: Path, name: str, schedule: str = "{every: 1m}", head: str = "") -> None:
    path = folder / "journeys" / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    when = f"schedule: {schedule}\n" if schedule else ""
    shop = 'variables: {shop: "${env(\\"SHOP_URL\\") | default(\\"http://127.0.0.1:1\\")}"}\n'
    step = '  - {name: look, http: {get: "${shop}/"}}\n'
    path.write_text(f"journey: {name}\n{when}{shop}{head}steps:\n{step}")


def load(folder: Path, text: str = "", head: str = HEAD) -> Loaded:
    path = folder / "agent.yaml"
    path.write_text(head + text)
    return load_agent(path)


def wrong(folder: Path, text: str = "", head: str = HEAD) -> list[str]:
    with pytest.raises(SpecError) as caught:
        load(folder, text, head)
    lines = error_text(caught.value).replace(f"{folder}/", "").splitlines()
    return [line.strip() for line in lines if line.startswith(("agent.yaml", "journeys", "    ="))]


def test_a_small_file_is_enough(folder: Path) -> None:
    loaded = load(folder)
    assert [(each.journey.name, each.grid.every_ns, each.timeout_ns) for each in loaded.planned] == [
        ("browse", M, M),
        ("pay", 15 * M, 40 * S),
    ]
    assert (loaded.config.region, loaded.config.env, loaded.config.agent) == (
        "eu-west-1",
        "production",
        os.uname().nodename,
    )


def test_a_journey_may_be_different_in_this_region(folder: Path) -> None:
    loaded = load(
        folder,
        "variables: {shop: https://eu.example}\n"
        "overrides:\n"
        "  browse: {schedule: {every: 10s}, variables: {shop: https://browse.example}}\n"
        "  pay: {enabled: false}\n",
    )
    (browse,) = loaded.planned
    assert browse.grid.every_ns == 10 * S
    assert browse.journey.variables["shop"].literal == "https://browse.example"  # type: ignore[union-attr]
    assert loaded.disabled == ("pay",)


def test_other_values_and_schedules_do_not_change_what_a_journey_is(folder: Path) -> None:
    plain = load(folder).planned[0].journey.definition
    other = load(folder, "variables: {shop: https://eu.example}\noverrides: {browse: {schedule: {every: 5m}}}\n")
    assert other.planned[0].journey.definition == plain != ""


def test_regions_take_their_places_in_the_order_of_the_list(folder: Path) -> None:
    regions = "regions: [us-east-1, eu-west-1, ap-southeast-1]\n"
    interleaved = load(folder, regions).planned[0].grid.offset_ns
    together = load(folder, f"{regions}placement: synchronised\n").planned[0].grid.offset_ns
    assert interleaved - together == 20 * S
    rotating = load(folder, f"{regions}overrides: {{pay: {{placement: rotate}}}}\n").planned[1]
    assert [index % 3 for index in range(6) if rotating.writes_in(index)] == [1, 1]
    assert rotating.placement is Placement.ROTATE


def test_folders_files_and_globs_name_journeys(folder: Path) -> None:
    for pattern in (
        "journeys",
        "journeys/browse.yaml",
        "journeys/*",
        "**/b*.yaml",
        str(folder / "journeys" / "*.yaml"),
    ):
        loaded = load(folder, head=f'region: r\njourneys: ["{pattern}"]\n')
        assert "browse" in [each.journey.name for each in loaded.planned]


@pytest.mark.parametrize(
    ("head", "text", "told"),
    [
        (
            "",
            "region: r\n",
            [
                "agent.yaml:1:1: the key journeys is missing",
                "= journeys: Files, folders and globs of journeys; they start at this file's folder.",
            ],
        ),
        ("", "", ["agent.yaml:1:1: expected a configuration, got an empty file", "= start with: region: <name>"]),
        (
            "",
            "- a\n",
            ["agent.yaml:1:1: expected a configuration: a mapping, got a list", "= start with: region: <name>"],
        ),
        (
            "",
            "region: r\njourneys: []\n",
            ["agent.yaml:2:11: the list is empty", "= name at least one journey: - journeys/*.yaml"],
        ),
        (
            "",
            "region: r\njourneys: [none/*.yaml]\n",
            ["agent.yaml:2:12: no journey is at none/*.yaml", "= paths start at this file's folder"],
        ),
        (HEAD, "regoin: x\n", ["agent.yaml:3:1: unknown key regoin", "= did you mean region?"]),
        (
            HEAD,
            "overrides: {brows: {enabled: false}}\n",
            ["agent.yaml:3:13: no journey is named brows", "= did you mean browse?"],
        ),
        (
            HEAD,
            "overrides: {browse: {variables: {shap: x}}}\n",
            ["agent.yaml:3:13: there is no variable shap in the journey browse", "= did you mean shop?"],
        ),
        (
            HEAD,
            "variables: {shap: x}\n",
            ["agent.yaml:1:1: there is no variable shap in any journey", "= did you mean shop?"],
        ),
        (
            HEAD,
            'variables: {shop: "${other}"}\n',
            ["agent.yaml:3:19: other cannot stand here", '= only functions can, such as ${env("SHOP_URL")}'],
        ),
        (
            HEAD,
            "regions: [us-east-1]\n",
            [
                "agent.yaml:1:1: regions: does not list this agent's own region eu-west-1",
                "= add eu-west-1, at the same place in every region's file",
            ],
        ),
        (
            HEAD,
            "regions: [eu-west-1, eu-west-1]\n",
            ["agent.yaml:1:1: regions: lists a region twice", "= each region stands there once"],
        ),
        (
            HEAD,
            "placement: rotate\n",
            ["agent.yaml:1:1: placement: rotate needs regions:", "= list all regions that take turns"],
        ),
        (
            HEAD,
            "placement: random\n",
            ['agent.yaml:3:12: expected one of interleave, synchronised, rotate, got "random"'],
        ),
        (
            HEAD,
            "control: [example.com]\n",
            [
                "agent.yaml:3:11: expected host:port, or a URL such as https://example.com, got example.com",
                "= for example 1.1.1.1:443",
            ],
        ),
        (HEAD, "concurrency: 0\n", ["agent.yaml:3:14: expected a whole number from 1 to 10,000, got the number 0"]),
        (HEAD, "spool: {size: 5}\n", ["agent.yaml:3:15: expected a size, got the number 5", "= such as 64MiB or 1GiB"]),
        (
            HEAD,
            "export: [{hubb: {url: http://x}}]\n",
            ['agent.yaml:3:11: expected one of hub, jsonl, got "hubb"', "= did you mean hub?"],
        ),
        (
            HEAD,
            "export: [{jsonl: {path: x}}, {jsonl: {path: x}}]\n",
            ["agent.yaml:3:31: jsonl x stands twice", "= one of the two has to go"],
        ),
        (
            HEAD,
            "export: [hub]\n",
            [
                'agent.yaml:3:10: expected an exporter and its settings, got "hub"',
                "= for example - hub: {url: https://hub.example}",
            ],
        ),
    ],
)
def test_a_mistake_is_told_where_it_stands_and_what_to_do(folder: Path, head: str, text: str, told: list[str]) -> None:
    assert wrong(folder, text, head) == told


def test_all_mistakes_are_told_at_once_those_of_journeys_too(folder: Path) -> None:
    journey(folder, "late", schedule="")
    journey(folder, "broken", schedule="{every: 5}")
    told = wrong(folder, "control: [x]\nplacement: rotate\n")
    assert [line.split(": ", 1)[0] for line in told if not line.startswith("=")] == [
        "journeys/broken.yaml:2:19",
        "agent.yaml:1:1",
        "agent.yaml:3:11",
    ]
    (folder / "journeys" / "broken.yaml").unlink()
    assert wrong(folder) == [
        "journeys/late.yaml:1:10: the journey late has no schedule",
        "= add schedule: {every: 1m}, there or under overrides: {late: …}, or enabled: false",
    ]
    assert load(folder, "overrides: {late: {enabled: false}}\n").disabled == ("late",)


def test_secrets_and_the_target_must_be_there_and_are_no_defaults(folder: Path) -> None:
    secrets = 'secrets: {card: {env: TEST_CARD, default: "4242424242424242"}}\n'
    journey(folder, "pay", head=secrets)
    told = [mistake.message for mistake in unready(load(folder), {}, {})]
    assert told == [
        "the variable shop would be the journey's default: SHOP_URL is not set",
        "the secret card has no value: the environment variable TEST_CARD is not set (an agent takes no default)",
        "the variable shop would be the journey's default: SHOP_URL is not set",
    ]
    assert unready(load(folder), {"SHOP_URL": "x"}, {"TEST_CARD": "y"}) == []
    assert unready(load(folder, "variables: {shop: https://x.example}\n"), {}, {"TEST_CARD": "y"}) == []


def test_a_secret_is_no_variable(folder: Path) -> None:
    journey(folder, "pay", head="secrets: {card: {env: TEST_CARD}}\n")
    assert wrong(folder, "variables: {card: x}\n") == [
        "agent.yaml:1:1: card is a secret, not a variable",
        "= set TEST_CARD in the environment",
    ]


def test_a_variable_that_the_environment_was_to_fill_must_be_there(folder: Path) -> None:
    loaded = load(folder, "variables: {shop: '${env(\"SHOP\")}'}\n")
    assert {mistake.message for mistake in unready(loaded, {}, {})} == {
        "the variable shop has no value: the environment variable SHOP is not set"
    }
    assert unready(loaded, {"SHOP": "http://x"}, {}) == []
    assert unready(load(folder, 'variables: {shop: \'${env("SHOP") | default("http://x")}\'}\n'), {}, {}) == []


def test_secrets_come_from_where_the_configuration_says(folder: Path) -> None:
    more = "secrets: {folder: secrets, files: {TEST_CARD: card}, commands: {TOKEN: [print, it]}}\n"
    assert load(folder, more).secret_sources == Sources(
        folder / "secrets", {"TEST_CARD": folder / "card"}, {"TOKEN": ("print", "it")}
    )


def test_a_secret_that_cannot_be_read_is_told_with_its_journey(folder: Path) -> None:
    journey(folder, "pay", head="secrets: {card: {env: TEST_CARD}}\n")
    secrets = Secrets({}, Sources(files={"TEST_CARD": folder / "none"}))
    (mistake, *_) = unready(load(folder), {"SHOP_URL": "x"}, secrets)
    assert mistake.message == f"the secret TEST_CARD cannot be read from {folder}/none: No such file or directory"


def test_the_network_of_the_region_is_read_and_takes_no_names_of_journeys(folder: Path) -> None:
    loaded = load(folder, 'network: {proxy: \'${env("EGRESS") | default("")}\', family: ipv6, resolver: [10.0.0.2]}\n')
    assert loaded.config.network
    assert (loaded.config.network.family, len(loaded.config.network.resolver or ())) == ("ipv6", 1)
    assert wrong(folder, "network: {source: '${shop}'}\n") == [
        "agent.yaml:3:19: shop cannot stand here",
        '= only functions can, such as ${env("SHOP_URL")}',
    ]


def test_certificates_and_proxies_this_machine_lacks_are_told_before_the_start(folder: Path) -> None:
    journey(folder, "mutual", head="network: {ca: /nowhere/ca.pem}\n")
    mine = "client_certificate: {certificate: /nowhere/me.pem, key: /nowhere/me.key}"
    network = f"network: {{{mine}, proxy: '${{env(\"EGRESS\")}}'}}\n"
    told = unready(load(folder, f"variables: {{shop: https://x.example}}\n{network}"), {}, {})
    assert [(mistake.place.line, mistake.message) for mistake in told] == [
        (4, "there is no file /nowhere/me.pem"),
        (4, "there is no file /nowhere/ca.pem"),
        (4, "network: has no value: the environment variable EGRESS is not set"),
    ]


def test_a_certificate_beside_the_configuration_must_be_there(folder: Path) -> None:
    assert wrong(folder, "network: {ca: ca.pem}\n") == [
        "agent.yaml:3:15: there is no file ca.pem",
        "= a relative path starts at the folder of the file it is written in",
    ]

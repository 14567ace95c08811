from probe.safety.taint import not_for, taints_of
from probe.spec.load import read_journey
from probe.spec.source import Source

JOURNEY = read_journey(
    Source(
        "j.yaml",
        """\
journey: j
variables: {shop: "http://a.test", code: "${pin}", both: "${code}-${card}", plain: x}
secrets: {pin: {env: PIN, hosts: [a.test]}, card: {env: CARD}}
steps: [{name: s, wait: 1ms}]
""",
    )
)
TAINTS = taints_of(JOURNEY)


def test_what_is_made_of_secrets_has_them_in_it() -> None:
    assert {
        "pin": frozenset({"pin"}),
        "card": frozenset({"card"}),
        "code": frozenset({"pin"}),
        "both": frozenset({"pin", "card"}),
    } == TAINTS


def test_a_name_with_a_secret_in_it_goes_to_the_hosts_of_the_secret_only() -> None:
    hosts = {"pin": ("a.test", "*.b.test")}
    asked = [(["shop", "both"], "a.test"), (["both"], "x.b.test"), (["code"], "c.test"), (["plain", "card"], "c.test")]
    assert [not_for(host, names, TAINTS, hosts) for names, host in asked] == [None, None, "pin", None]

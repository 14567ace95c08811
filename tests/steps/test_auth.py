import pytest

from probe.spec.load import read_journey
from probe.spec.source import Source
from probe.steps.auth import Auth, Login
from probe.steps.base import ActionError
from tests.steps.asking import text


@pytest.mark.parametrize(
    "auth",
    [
        "basic: {user: me, password: '${pw}'}",
        "bearer: '${pw}'",
        "digest: {user: me, password: 'x${pw}'}",
        "oauth2: {token_url: 'https://idp.test/token', client_id: me, client_secret: '${pw}', scope: a b, audience: c}",
        "oauth2: {token_url: '${idp}/token', client_id: me, client_secret: '${pw}', refresh_token: '${pw}'}",
    ],
)
def test_every_way_to_say_who_asks_is_read(auth: str) -> None:
    head = "journey: a\nvariables: {idp: 'https://idp.test'}\nsecrets: {pw: {env: PW}}\nsteps:\n"
    journey = read_journey(
        Source("a.yaml", f"{head}  - {{name: b, http: {{get: 'https://a.test/', auth: {{{auth}}}}}}}\n")
    )
    assert getattr(journey.steps[0].action.auth, auth.partition(":")[0]) is not None


def test_there_is_one_way_at_a_time() -> None:
    with pytest.raises(ActionError, match="expected one of basic, bearer, digest, oauth2, got none"):
        Auth()
    with pytest.raises(ActionError, match="got basic and bearer") as raised:
        Auth(basic=Login(text("a"), text("b")), bearer=text("c"))
    assert raised.value.key == "bearer"

import json
from dataclasses import FrozenInstanceError

import pytest

from probe.demo.faults import NO_FAULTS, Faults


def test_json_names_the_knobs_to_turn_and_leaves_the_rest_off() -> None:
    assert Faults.from_json({"header_delay": 2, "reset": "after"}) == Faults(header_delay=2, reset="after")


def test_faults_survive_a_round_trip_through_json() -> None:
    faults = Faults(status=500, path="/pay", error_rate=0.25)
    assert Faults.from_json(json.loads(json.dumps(faults.as_json()))) == faults


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"hedaer_delay": 1}, "hedaer_delay: no such fault; did you mean header_delay?"),
        ({"header_delay": "0.2"}, "header_delay: expected a number of seconds, 0 or more, got '0.2'"),
        ({"chunks": 0}, "chunks: expected a whole number, 1 or more, got 0"),
        ({"status": 99}, "status: expected an HTTP status from 200 to 599, or null, got 99"),
        ([1], 'faults: expected an object such as {"header_delay": 0.2}, got [1]'),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_expected(settings: object, complaint: str) -> None:
    with pytest.raises(ValueError) as refusal:
        Faults.from_json(settings)
    assert str(refusal.value) == complaint


def test_a_name_like_no_knob_gets_the_list_of_them() -> None:
    with pytest.raises(ValueError, match=r"zzz: no such fault; there are tls_delay, header_delay, .*seed"):
        Faults.from_json({"zzz": 1})


def test_wrong_settings_are_refused_in_python_too() -> None:
    with pytest.raises(ValueError, match="error_rate: expected a number from 0 to 1, got 2"):
        Faults(error_rate=2)


def test_faults_hold_on_their_path_only() -> None:
    faults = Faults(status=500, path="/pay")
    assert (faults.on("/pay"), faults.on("/cart")) == (faults, NO_FAULTS)


def test_faults_cannot_change_while_a_request_suffers_them() -> None:
    with pytest.raises(FrozenInstanceError):
        Faults().status = 500  # type: ignore[misc]

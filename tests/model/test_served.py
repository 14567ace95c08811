import msgspec

from probe.model.served import Edge, ServerTiming


def test_what_a_header_does_not_say_is_left_out_of_the_record() -> None:
    assert (
        msgspec.json.encode((ServerTiming("miss"), Edge("Cloudflare"))) == b'[{"name":"miss"},{"network":"Cloudflare"}]'
    )

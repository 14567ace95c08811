import struct
from time import perf_counter_ns

import pytest

from probe.wire.dns_records import QUERY_TYPES
from probe.wire.resolver import Resolver
from tests.wire.names import name_server

HOST = b"\x04mail\x04shop\x04test\0"
DATA: dict[str, tuple[bytes, str]] = {
    "A": (b"\x7f\0\0\x09", "127.0.0.9"),
    "NS": (HOST, "mail.shop.test"),
    "CNAME": (HOST, "mail.shop.test"),
    "SOA": (HOST + HOST + struct.pack("!5I", 1, 2, 3, 4, 5), "mail.shop.test mail.shop.test 1 2 3 4 5"),
    "PTR": (HOST, "mail.shop.test"),
    "MX": (b"\0\x0a" + HOST, "10 mail.shop.test"),
    "TXT": (b"\x0bv=spf1 -all", "v=spf1 -all"),
    "AAAA": (bytes(15) + b"\1", "::1"),
    "SRV": (struct.pack("!3H", 1, 2, 443) + HOST, "1 2 443 mail.shop.test"),
    "CAA": (b"\0\x05issueca.test", '0 issue "ca.test"'),
}


@pytest.mark.parametrize("kind", QUERY_TYPES)
async def test_each_type_of_record_is_written_as_text(kind: str) -> None:
    data, written = DATA[kind]
    with name_server({"shop.test": {QUERY_TYPES[kind]: (data, data)}}) as names:
        before = perf_counter_ns()
        found = await Resolver(perf_counter_ns, [names.address]).records("shop.test", kind)
    assert (found.answers, found.servers) == ((written, written), (names.address,))
    assert before < found.answered_ns < perf_counter_ns()


async def test_a_name_without_such_a_record_has_no_answers() -> None:
    with name_server({"shop.test": ("127.0.0.9",)}) as names:
        found = await Resolver(perf_counter_ns, [names.address]).records("shop.test", "MX")
    assert found.answers == ()

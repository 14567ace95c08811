import ssl

from probe.wire.tickets import MOST, Tickets


class Session:
    has_ticket = True


def session() -> ssl.SSLSession:
    return Session()  # type: ignore[return-value]


def test_a_ticket_is_given_once_and_to_its_own_server_only() -> None:
    tickets, context, other = Tickets(), ssl.create_default_context(), ssl.create_default_context()
    one = session()
    tickets.keep(context, "shop", 443, one)
    asked = [(other, "shop", 443), (context, "shop", 444), (context, "cdn", 443), (context, "shop", 443)]
    assert [tickets.take(*each) for each in asked] == [None, None, None, one]
    assert tickets.take(context, "shop", 443) is None


def test_no_more_servers_are_remembered_than_so_many() -> None:
    tickets, context = Tickets(), ssl.create_default_context()
    for port in range(MOST + 1):
        tickets.keep(context, "shop", port, session())
    assert [tickets.take(context, "shop", port) is None for port in (0, 1, MOST)] == [True, False, False]


def test_what_is_no_ticket_is_not_kept() -> None:
    tickets, context = Tickets(), ssl.create_default_context()
    tickets.keep(context, "shop", 443, None)
    assert tickets.take(context, "shop", 443) is None

from probe.demo.session import Sessions


def test_a_session_trusts_its_own_token_only() -> None:
    sessions = Sessions()
    mine, other = sessions.open(), sessions.open()
    assert [mine.trusts(token) for token in (mine.csrf, other.csrf, "", "é")] == [True, False, False, False]


def test_a_session_is_found_until_it_is_closed() -> None:
    sessions = Sessions()
    session = sessions.open()
    assert sessions.find(session.id) is session
    sessions.close(session.id)
    assert sessions.find(session.id) is None


def test_the_oldest_session_makes_room() -> None:
    sessions = Sessions(capacity=2)
    opened = [sessions.open() for _ in range(3)]
    assert [sessions.find(session.id) for session in opened] == [None, *opened[1:]]

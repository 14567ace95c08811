from probe.model.served import ServerTiming


def test_a_metric_is_called_by_its_description_where_it_has_one() -> None:
    assert [ServerTiming("db", 1, "Database").title, ServerTiming("db", 1).title] == ["Database", "db"]

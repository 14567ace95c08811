from probe.hub.pages.window import WINDOWS, Span, wide_enough
from probe.model.duration import NANOSECONDS, parse_duration


def test_windows_are_named_by_their_length_and_divided_into_whole_bins() -> None:
    assert [window.length_ns for window in WINDOWS.values()] == [parse_duration(name) for name in WINDOWS]
    assert [window.length_ns % window.bin_ns for window in WINDOWS.values()] == [0] * len(WINDOWS)


def test_an_instant_has_its_place_in_a_span_and_none_beyond_its_ends() -> None:
    hour = NANOSECONDS["h"]
    span = Span(WINDOWS["1h"], 10 * hour)
    places = [span.percent(at_ns) for at_ns in (0, 9 * hour, 9.5 * hour, 10 * hour, 11 * hour)]
    assert (span.since_ns, places) == (9 * hour, [0, 0, 50, 100, 100])


def test_a_window_is_as_long_as_what_it_is_to_show_where_there_is_one() -> None:
    minute, hour = NANOSECONDS["m"], NANOSECONDS["h"]
    found = [
        wide_enough(WINDOWS["1h"], length_ns).name for length_ns in (minute, hour, 4 * hour, 60 * hour, 900 * hour)
    ]
    assert found == ["1h", "1h", "6h", "7d", "7d"]

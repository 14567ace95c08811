from probe.compare.result import RegionVerdict
from probe.hub.pages.sign import REGION_SIGNS, RUN_SIGNS, Sign, run_sign
from probe.model.result import Verdict


def test_every_verdict_has_a_mark_and_a_word_of_its_own() -> None:
    assert (set(RUN_SIGNS), set(REGION_SIGNS)) == (set(Verdict), set(RegionVerdict))
    for signs in (list(RUN_SIGNS.values()), list(REGION_SIGNS.values())):
        assert len({sign.mark for sign in signs}) == len({sign.word for sign in signs}) == len(signs)


def test_only_what_passes_is_green() -> None:
    runs = [verdict for verdict, sign in RUN_SIGNS.items() if sign.tone == "passed"]
    regions = [verdict for verdict, sign in REGION_SIGNS.items() if sign.tone == "passed"]
    assert (runs, regions) == ([Verdict.PASSED], [RegionVerdict.UP])


def test_a_verdict_of_a_later_version_is_shown_as_it_is() -> None:
    assert run_sign("postponed") == Sign("?", "postponed", "quiet")

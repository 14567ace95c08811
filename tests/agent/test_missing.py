from probe.agent.missing import missing_files
from probe.model.network import NOTHING_SAID, Network, PemFile
from probe.model.place import Place
from probe.spec.load import read_journey
from probe.spec.source import Source

UNDONE = """\
journey: undone
network: {ca: /nowhere/2.pem}
steps:
  - name: pay
    effect: write
    http: {post: https://x.example/}
    undo: {http: {delete: https://x.example/, network: {ca: /nowhere/7.pem}},
      login: [{name: log in, http: {post: https://x.example/, network: {ca: /nowhere/8.pem}}}],
      find: {http: {get: https://x.example/, network: {ca: /nowhere/9.pem}}}}
always:
  - {name: rest, wait: 1s}
  - {name: leave, http: {post: https://x.example/, network: {ca: /nowhere/12.pem}}}
"""


def test_every_file_that_is_not_there_is_told_once_at_its_place() -> None:
    region = Network(ca=PemFile("/nowhere/ca.pem", Place("agent.yaml", 1, 1, 2)))
    journey = read_journey(Source("journey.yaml", UNDONE))
    told = list(missing_files(region, [journey, journey]))
    assert [(each.place.file, each.message) for each in told] == [
        ("agent.yaml", "there is no file /nowhere/ca.pem"),
        *(("journey.yaml", f"there is no file /nowhere/{line}.pem") for line in (2, 7, 8, 9, 12)),
    ]
    assert [each.place.line for each in told[1:]] == [2, 7, 8, 9, 12]


def test_where_nothing_is_said_nothing_is_missing() -> None:
    assert (
        list(missing_files(NOTHING_SAID, [read_journey(Source("a.yaml", "journey: a\nsteps: [{name: b, wait: 1s}]"))]))
        == []
    )

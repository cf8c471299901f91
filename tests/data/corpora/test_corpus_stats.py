"""Statistics of records, and of their tokens."""

from timesuite_jax.data.corpora import CorpusStats, Record, TokenUse
from timesuite_jax.data.corpora.token_use import summarize
from timesuite_jax.text import Turn


def record(task, duration, answers, spans=(), owners=(), clip=None):
    turns = tuple(Turn("When?", answer) for answer in answers)
    return Record("c/0", "c", task, turns, duration, media_record=0, spans=spans, span_turns=owners, clip=clip)


def test_statistics_of_records():
    stats = CorpusStats()
    stats.add(record("temporal_video_grounding", 100.0, ["a", "bb", "ccc"], ((0.0, 10.0), (50.0, 60.0)), (0, 0)))
    stats.add(record("conversation", 3600.0, ["dddd"]))
    stats.add(record("temporal_video_grounding", 100.0, ["e"], ((5.0, 20.0),), (0,), clip=(30.0, 50.0)))
    found = stats.as_json()
    assert found["records"] == 3 and found["questions"] == 5
    assert found["tasks"] == {"conversation": 1, "temporal_video_grounding": 2}
    assert found["length_s"]["p0"] == 20.0 and found["length_s"]["p100"] == 3600.0
    assert found["hours"] == round(3720 / 3600, 4)
    assert found["answer_characters"]["p100"] == 4
    spans = found["spans"]
    assert spans["count"] == 3 and spans["per_question"] == {"0": 3, "1": 1, "2": 1}
    assert spans["length_s"]["p100"] == 15.0 and spans["grid_s"] == 5.0
    assert spans["center"] == [1, 0, 0, 0, 0, 1, 1, 0, 0, 0]  # 5 %, 55 %, and 62.5 % of the clip
    assert spans["share"] == [0, 2, 0, 0, 0, 0, 0, 1, 0, 0]


def test_no_records():
    found = CorpusStats().as_json()
    assert found["records"] == 0 and found["length_s"] == {} and found["spans"]["grid_s"] is None


def test_token_use_counts_cut_and_dropped_samples():
    uses = [
        TokenUse(100, 10, 128, ()),
        TokenUse(200, 20, 128, ("time_text_compact",)),
        TokenUse(300, 30, 256, ("time_text_compact", "turns")),
        TokenUse(900, 800, None, ()),
    ]
    found = summarize(uses)
    assert found["samples"] == 4 and found["whole"] == 1 and found["dropped"] == 1
    assert found["lengths"] == {"128": 2, "256": 1} and found["cuts"] == {"time_text_compact": 2, "turns": 1}
    assert found["needed"]["p100"] == 900 and found["answer"]["p0"] == 10

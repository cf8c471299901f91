"""How the spans of answers are read by the rules of published evaluations."""

import pytest

from timesuite_jax.evaluation.answer_spans import READERS


@pytest.mark.parametrize(
    ("reader", "text", "spans"),
    [
        ("grammar", "From 3 to 5 seconds, and from 40 seconds until the end.", ((3.0, 5.0), (40.0, 60.0))),
        ("original", "It happens in 9.0 - 5.0 seconds, then 1 - 2.", ((5.0, 9.0),)),
        ("original", "1..2 - 3", ()),
        ("lmms_eval", "From 3 to 5.5 seconds.", ((3.0, 5.5),)),
        ("lmms_eval", "A specific example is : 20.8 - 30.0 seconds. It happens in 9 To 5.", ((5.0, 9.0),)),
        ("lmms_eval", "It starts at 3 s and stops later.\nIt ends at 8 s.", ((3.0, 8.0),)),
        ("lmms_eval", "From 3 until 5 seconds.", ()),
        ("timelens", "At 0:05 and 01:10.5, not 1 - 2.", ((5.0, 70.5),)),
        ("timelens", "From 0:00:18 on.", ((0.0, 0.0),)),  # one time is no pair, and its numbers are taken by twos
        ("timelens", "The event happens in 3 - 5.5 seconds, or 7 to 9.", ((3.0, 5.5),)),
        ("timelens", "3 to 5.5, 7 to 9", ((3.0, 5.5), (7.0, 9.0))),
        ("timelens", "Start time: 0.8 seconds. End time: 1.1 seconds.", ((0.8, 1.1),)),
        ("timelens", "5 - 3", ((5.0, 3.0),)),
        ("timelens", f"{'9' * 400} - 3", ()),
        ("span_list", "[[0, 3.5], [10, 12]]", ((0.0, 3.5), (10.0, 12.0))),
        ("span_list", "It is [0,3] or 5 - 7.", ((0.0, 3.0),)),
        ("span_list", "5 - 7 and 9 To 11", ((5.0, 7.0), (9.0, 11.0))),
        ("span_list", "At 5, 7 and 9.", ((5.0, 7.0),)),
        ("span_list", "None.", ()),
        ("lita", "<12.5> <3.> He falls. <4>", ((3.0, 12.5),)),
        ("lita", "<70> <3>", ((3.0, 60.0),)),
        ("lita", "From 3 to 5 seconds.", ((0.0, 60.0),)),
    ],
)
def test_spans_of_answers(reader, text, spans):
    assert READERS[reader](text, 60.0) == spans

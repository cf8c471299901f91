"""Spans are compared with the length of their video, and one of three rules decides about those that do not fit."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timesuite_jax.data.corpora.bad_spans import ON_BAD_SPAN, check_span, fit_clip, fit_span, fit_windows
from timesuite_jax.data.corpora.record_spans import fit_annotated_spans
from timesuite_jax.data.timepro import TASKS, AnnotatedSpans, Annotation
from timesuite_jax.errors import UserError
from timesuite_jax.text import Turn

# span, kind on a video of 4 s, result of `clip`
CASES = [
    ((1.0, 2.5), None, (1.0, 2.5)),
    ((0.0, 4.0), None, (0.0, 4.0)),
    ((3.0, 4.05), None, (3.0, 4.05)),  # one decimal
    ((2.0, 2.0), None, (2.0, 2.0)),
    ((3.0, 4.6), "rounded", (3.0, 4.0)),
    ((3.0, 5.0), "rounded", (3.0, 4.0)),
    ((1.0, 9.0), "beyond_end", (1.0, 4.0)),
    ((1.0, 30.0), "beyond_end", (1.0, 4.0)),
    ((-1.0, 2.0), "beyond_end", (0.0, 2.0)),
    ((4.2, 4.6), "outside", None),
    ((10.0, 30.0), "outside", None),
    ((5.1, 5.1), "outside", None),  # a moment
    ((4.6, 4.6), "rounded", (4.0, 4.0)),
    ((-3.0, -1.0), "outside", None),
    ((1000.0, 2500.0), "other_unit", None),
    ((0.0, 2500.0), "other_unit", None),  # overlaps, but to cut it at 4 s would be wrong
    ((24.0, 110.0), "other_unit", None),  # frame numbers
    ((3.0, 1.0), "reversed", None),
]


@pytest.mark.parametrize(("span", "kind", "clipped"), CASES)
def test_kinds_and_rules(span, kind, clipped):
    problem = check_span(span, 4.0)
    assert (problem and problem.kind) == kind
    assert fit_span(span, 4.0, "keep") == (span, problem)
    assert fit_span(span, 4.0, "clip") == (clipped, problem)
    assert fit_span(span, 4.0, "reject") == (clipped if kind in (None, "rounded") else None, problem)
    if problem:
        assert f"{span[0]:g} - {span[1]:g} s" in problem.text


@pytest.mark.parametrize("rule", ON_BAD_SPAN)
@pytest.mark.parametrize(
    "span", [(math.nan, 2.0), (1.0, math.nan), (math.nan, math.nan), (1.0, math.inf), (-math.inf, 2.0)]
)
def test_spans_that_are_not_finite_are_never_used(span, rule):
    fitted, problem = fit_span(span, 4.0, rule)
    assert fitted is None and problem is not None and problem.kind == "not_finite"


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(0.1, 1e4), st.sampled_from(ON_BAD_SPAN))
def test_what_is_used_is_within_the_video(start, end, length, rule):
    fitted, problem = fit_span((start, end), length, rule)
    if fitted is not None and rule != "keep":
        assert 0 <= fitted[0] <= fitted[1] <= length + 0.051
    assert fitted == (start, end) or problem is not None


def test_clips_that_end_after_the_video():
    assert fit_clip(None, 4.0, "reject") == (None, None)
    assert fit_clip((1.0, 4.4), 4.0, "reject")[0] == (1.0, 4.0)
    clip, problem = fit_clip((1.0, 9.0), 4.0, "reject")
    assert clip == (1.0, 9.0) and problem.kind == "beyond_end" and problem.text.startswith("clip 1 - 9 s")
    assert fit_clip((1.0, 9.0), 4.0, "clip")[0] == (1.0, 4.0)
    assert fit_clip((5.0, 9.0), 4.0, "clip") == ((5.0, 9.0), None)  # reported when it is decoded


@pytest.mark.parametrize("span", [(2.0, 2.0), (0.0, 0.0), (4.0, 4.0), (4.6, 4.6), (8.3 - 7.0, 8.1 - 6.8)])
@pytest.mark.parametrize("rule", ON_BAD_SPAN)
def test_true_windows_have_a_length(span, rule):
    fitted, problem = fit_span(span, 4.0, rule, window=True)
    assert problem is not None and problem.kind == "zero_length" and problem.text.endswith(" s ends where it starts")
    assert fitted == (span if rule == "keep" else None)
    assert check_span((1.0, 1.04), 4.0, window=True) is None  # a frame


@pytest.mark.parametrize("task", TASKS)
def test_moments_by_task(task):
    """What the source gives as true windows, and the times in answers."""
    moments = TASKS[task].times == "moments"
    for spans in (
        AnnotatedSpans(((1.0, 2.0), (3.0, 3.0)), (0, 0)),
        AnnotatedSpans(((1.0, 2.0),), (0,), written=((3.0, 3.0),)),
    ):
        given = Annotation(0, "a.mp4", (Turn("When?", "Yes."),), task, None, spans)
        found = fit_annotated_spans(given, 4.0, "clip", name="c/0").bad
        kinds = ["zero_length"] if len(spans.spans) == 2 and not moments else []
        assert [(one.kind, one.action) for one in found] == [(kind, "rejected") for kind in kinds]


def test_windows_of_a_question_to_be_scored():
    assert fit_windows([(1.0, 2.0), (3.0, 4.5)], 4.0, "reject") == ((1.0, 2.0), (3.0, 4.0))
    assert fit_windows([(1.0, 9.0)], 4.0, "keep") == ((1.0, 9.0),)
    with pytest.raises(UserError, match=r"10 - 30 s is outside .* lasts 4 s"):
        fit_windows([(1.0, 2.0), (10.0, 30.0)], 4.0, "clip")
    with pytest.raises(UserError, match=r"2 - 2 s ends where it starts; correct the annotation"):
        fit_windows([(2.0, 2.0)], 4.0, "reject")

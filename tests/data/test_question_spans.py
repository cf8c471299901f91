"""Spans of a whole record are assigned to its questions."""

import pytest

from timesuite_jax.data.question_spans import assign_spans
from timesuite_jax.text import Turn

GO, STOP = Turn("When does it go?", "From 1.0 to 2.5 seconds."), Turn("When does it stop?", "From 3.0 to 3.6 seconds.")
CAPTION = Turn("What is it?", "A red car.")
BOTH = Turn("When is it seen?", "From 1.0 to 2.5 seconds and from 3.0 to 3.6 seconds.")


@pytest.mark.parametrize(
    ("turns", "spans", "owners"),
    [
        ([GO], [(1.0, 2.5)], (0,)),
        ([CAPTION], [(1.0, 2.5), (3.0, 4.0)], (0, 0)),  # one question, several windows
        ([CAPTION, GO], [(1.0, 2.5)], (1,)),
        ([CAPTION, GO], [(7.0, 8.0), (9.0, 9.5)], (1, 1)),  # only one answer has a time
        ([GO, STOP], [(3.0, 3.6), (1.0, 2.5)], (1, 0)),
        ([GO, STOP, CAPTION], [(1.04, 2.46), (3.0, 3.58)], (0, 1)),  # rounded in the answer
        ([BOTH, GO], [(1.0, 2.5), (3.0, 3.6), (1.0, 2.5)], (0, 0, 1)),
        ([GO, GO], [(1.0, 2.5), (1.0, 2.5)], (0, 1)),
        ([GO, STOP], [(1.5, 2.0), (3.3, 3.9)], (0, 1)),  # in order
        ([GO, STOP], [(7.0, 8.0)], None),
        ([CAPTION, CAPTION], [(7.0, 8.0)], None),
        ([CAPTION, CAPTION], [], ()),
    ],
)
def test_owners(turns, spans, owners):
    assert assign_spans(turns, spans) == owners

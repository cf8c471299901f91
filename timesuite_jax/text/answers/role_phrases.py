"""Phrases that name the start, the end or the length of a span: "It starts at 5 s and lasts 7 s"."""

from timesuite_jax.text.answers import builders
from timesuite_jax.text.answers.phrase import Phrase

ROLE_PHRASES = {
    # {"start": [5, 20], "end": [12, 30]}
    "lists of starts and ends": Phrase(
        """{start}{is|other|scale|open}{0,4}(?P<a>{TIMES}){close}?{^time|start}{0,6}
        {end}{is|other|scale|open}{0,4}(?P<b>{TIMES})""",
        builders.lists,
    ),
    # {"start": [5, 20]}
    "list of starts": Phrase("{start|end}{is|other|scale}{0,4}{open}{TIMES}"),
    # "The start and end times are 5 and 12 seconds."
    "start and end: a, b": Phrase(
        """{start}{and|comma|dash|is|other|open|line}{0,3}{end}{^time|start|end|lasting|quantity|stop}{0,12}
        {a:time}{and|comma|sep|line}{0,2}{b:time}""",
        builders.pair,
    ),
    # "5 s (start), 12 s (end)"
    "a is the start, b the end": Phrase(
        """{a:certain}{other|is}{0,3}{open}?{start}{close}?{and|comma|stop|line|sep}{1,2}{at}?{b:certain}
        {other|is|to}{0,3}{open}?{end}""",
        builders.pair,
    ),
    # "starting from 5 s to 12 s" in the word order of Chinese
    "a starting to b": Phrase("{a:time}{other|is|at}{0,3}{start}{comma}?{word_to}{b:time}", builders.pair),
    # "It starts at 5 s, sorry, 6 s, and ends at 12 s."
    "start corrected to a, end b": Phrase(
        """{start}{at|is}?{time}{comma|dash|open}{0,2}{correction}{bridge|comma|at|start}{0,3}{a:time}{close|comma}{0,2}
        {MIDDLE}{UNTIL}{B}""",
        builders.pair,
    ),
    # "It starts at 5 s and ends at 12 s, sorry, 13 s."
    "start a, end corrected to b": Phrase(
        """{start}{A}{MIDDLE}{UNTIL}{at|is}?{certain}{comma|dash|open}{0,2}{correction}{bridge|comma|at|end|until}{0,3}
        {b:certain}(?!{sep|and})""",
        builders.pair,
    ),
    # "It starts at 5 s and ends at 12 s."
    "start a, end b": Phrase("{start}{A}{MIDDLE}{UNTIL}{B}", builders.pair_of_one_subject),
    # "It starts at 5 s and continues until the end."
    "start a, until the end": Phrase("{start}{A}{MIDDLE}{lasting}?{word_to}{end}{FINAL}", builders.to_finish),
    # {"end": 12, "start": 5}
    "end b, start a": Phrase("{end}{A}{MIDDLE}{start}{B}", builders.end_and_start),
    # "It starts at 5 s and lasts 7 s."
    "start a, lasting b": Phrase(
        """{start}{A}{^certain|start|end|until|example}{0,30}(?:{lasting}{for|is|at|other|scale}{0,3}|{for})
        {b:unit|decimal|bare}""",
        builders.start_and_length,
    ),
    # "at 5 s for 7 s"
    "at a for b": Phrase(
        "{from|at}{a:time}{word|comma|and}{0,6}(?:{lasting}{for|is}{0,2}|{for}){b:unit}(?!{sep|and})",
        builders.start_and_length,
    ),
    # "It lasts for 7 seconds, starting at 5.0 s."
    "lasting b, start a": Phrase(
        """{lasting}{for|is|at|other|scale}{0,3}{b:unit|decimal|bare}{^time|end|lasting|stop}{0,12}
        {start|from}{A}(?!{MIDDLE}{UNTIL}{^time}{0,12}{time} | {sep})""",
        builders.start_and_length,
    ),
    # "for 7 s from 5.0 s"
    "for b, from a": Phrase(
        """{for}{b:unit}{other|comma}{0,2}(?:{start}{at|from|is}?|{from}){a:unit|decimal|bare}(?!{sep|and})""",
        builders.start_and_length,
    ),
    # "until 12 s, from 5 s"
    "until b, from a": Phrase(
        "{until}{at}?{a:certain}{comma}?{from}{at}?{b:certain}(?!{sep|and})", builders.end_and_start
    ),
    # "It happens at 5 s and ends at 12 s."
    "at a ... until b": Phrase(
        """(?: {from|at}{a:certain|bare} | ^{at}?{c:certain} )
        {^certain|start|lasting|stop|end|until|example}{0,12}{UNTIL}{B}""",
        builders.pair,
    ),
}  # fmt: skip

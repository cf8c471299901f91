"""The table of phrases that denote spans: regular expressions over kinds of tokens (`tokens.compile_phrase`).

At each position of an answer the first row that matches is taken, and the search goes on behind it. A row without a
builder denotes no span: what it matches is passed over. Repetitions are bounded, so that matching is linear in the
number of tokens.
"""

from typing import NamedTuple

from timesuite_jax.text.answers import builders
from timesuite_jax.text.answers.builders import Builder

CERTAIN, UNCERTAIN, WEAK = 2, 1, 0
"""Of the matches in an answer only those of the highest certainty present are spans."""


class Phrase(NamedTuple):
    """A row of the table.

    Attributes:
      pattern: over kinds of tokens; the builder uses groups a and b.
      build: makes spans of a match; None if it denotes none.
      certainty: of a match. `UNCERTAIN` becomes `CERTAIN` where a notation identifies times: a unit, a colon, a point.
    """

    pattern: str
    build: Builder | None = None
    certainty: int = CERTAIN


PHRASES = {
    # "For example, 3 - 4 seconds."
    "example": Phrase("{example}{^stop|line}*"),
    # "not from 3 to 4 s"
    "negation": Phrase("{not}{from|between|at|is|other}{0,2}{RANGE}"),
    # "except from 3 to 4 s and from 6 to 7 s"
    "exception": Phrase("{EXCEPTION}"),
    # "the whole video except from 3 to 4 s": what remains is not one span
    "whole video, with an exception": Phrase("{whole}{^time|stop|line}{0,12}(?:{EXCEPTION}|{except})"),
    # "It is not visible in the video from 3 to 4 s."
    "denial of a to b": Phrase("{denial}{^time|stop|line|comma|and|clause|correction|count}{0,8}{RANGE}"),
    # "From 3 to 4 s it is not visible."; but not "it appears from 3 to 4 s and does not appear again"
    "a to b, denied": Phrase(
        """(?: {from|between}?{RANGE}(?!{and}) | (?: ^ | (?<={stop|line}) ){from|between}{RANGE}{comma} )
        {^time|stop|line|comma|clause|correction}{0,6}(?<!{and}){denial}"""
    ),
    # "saliency scores: 3.0, 3.0", "confidence between 0.8 and 0.9"
    "quantity": Phrase(
        """{quantity}{^time|start|end|lasting|stop|line|count}{0,8}{bare|decimal}(?!{sep}{1,2}{unit})
        (?:{sep|and}{1,2}{bare|decimal}(?!{sep}))?(?:{comma|and}{1,2}{bare|decimal}(?!{sep}{time}))*"""
    ),
    # "for 5 to 12 seconds": how long, not when
    "length between a and b": Phrase("{for}{between}?{bare|decimal|spelled}{sep|and}{1,2}{measured}"),
    # "duration: 5 - 12 s", "lasts between 5 and 12 seconds": how long, or from when to when
    "length or span": Phrase(
        "{lasting}{is|word}{0,2}{between}?{bare|decimal|measured|spelled}{sep|and}{1,2}{bare|decimal|measured}"
    ),
    # "every 5 to 12 seconds", "a distance of 5 m to 12 m"
    "amount": Phrase("{amount}{is|other}?{RANGE}"),
    # "5 to 12 seconds each"
    "a to b, an amount": Phrase("{from|between}?{RANGE}{amount}{FINAL}"),
    # "5 s before the end of the video"
    "relative to the end": Phrase("{certain|bare}{relative|from}{other}?{end|finish}"),
    # "from 5 to 12 seconds before the end"
    "a to b, relative to the end": Phrase("{from|between}?{at}?{RANGE}{relative|from|word_to}{other}?{end|finish}"),
    # "5 to 12 seconds after the goal"
    "a to b, relative": Phrase("{time}(?:{sep}{1,3}{at}?|{weak_to}){time}{relative}(?!{beginning})"),
    # "after 5 to 12 seconds"
    "relative, a to b": Phrase(
        "{relative}(?: {bare|decimal|spelled}{sep}{1,2} | {from}?{bare}{weak_to} ){bare|decimal|measured}"
    ),
    # "frames 10 to 20, 30 to 40"
    "labels": Phrase(
        "{count}{sep|and}{1,2}{bare|spelled|decimal}(?!{sep}{certain})(?:{comma|and}{1,2}{bare}{sep}{bare})*"
    ),
    # "10 to 20, 30 to 40 frames"
    "counts": Phrase(
        """{bare|spelled|decimal}(?:{sep}{bare}(?:{comma|and}{1,2}{bare}{sep}{bare})*{comma|and}{1,2}{bare})?
        {sep|and}{1,2}{count}"""
    ),
    # "1 - 5.0 to 12.0 seconds"
    "range behind a list number": Phrase(
        "(?: ^ | (?<={line}) ) {bare}{dash}{a:certain}{sep}{1,3}{b:certain}", builders.pair
    ),
    # "3 s - 4 s - 5 s"
    "chain": Phrase("{time}(?:{sep}{1,3}{time}){2,}"),
    # "5 s to the end of the video (12 s)"
    "end of the video with its time": Phrase(
        "{from}?{a:time}{sep}{1,3}{finish}{at|comma|open}{0,2}{b:certain}", builders.pair
    ),
    # "between 5 and 12"
    "between a and b": Phrase("{between}{a:time}{and|dash|to|comma}{1,2}{at}?{b:time}", builders.pair),
    # "de 5 a 12 segundos"
    "from a to b, in Romance languages": Phrase("{from}{a:time}{weak_to}{b:time}", builders.pair),
    # "from 5 to 12"
    "from a to b": Phrase("{from}{at|is}?{a:time}{comma}?{sep}{1,3}{at|is}?{b:time}", builders.pair),
    # "5 - 12", "5 to 12", "00:05 --> 00:12"
    "a to b": Phrase("{a:time}{sep}{1,3}{at}?{b:time}", builders.pair, UNCERTAIN),
    # "from 5 s, when he enters, to 12 s"
    "from a ... to b": Phrase(
        "{from}{count}{0,2}{a:certain}{word|is|count|at|open|close|comma|line}{0,8}{word_to}{at|count}{0,2}{b:certain}",
        builders.pair,
    ),
    # "[5, 12] pixels"
    "counts in brackets": Phrase("{open}{time}(?:{comma|sep}{0,2}{time})+{close}{count}"),
    # "[5, 12] minutes"
    "both in brackets, unit": Phrase("{open}{a:time}{comma|sep}{0,2}{b:time}{close}{scale}", builders.pair_in_unit),
    # "[5, 12]"
    "both in brackets": Phrase(
        "(?:{bracket}{a:time}{comma}?{b:time} | {paren}{c:unit}{comma}?{d:unit}){close}", builders.pair, UNCERTAIN
    ),
    # "[(5, 12), (20, 30)]"; a pair in parentheses alone is rather a point of a picture
    "list of pairs": Phrase(
        "{bracket}(?:{paren}{time}{comma}{time}{close}{comma}?)+{close}", builders.pairs, UNCERTAIN
    ),
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
    # "It starts at 5 s and ends at 12 s."
    "start a, end b": Phrase("{start}{A}{MIDDLE}{UNTIL}{B}", builders.pair),
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
    # "It happens at 5 s and ends at 12 s."
    "at a ... until b": Phrase(
        """(?: {from|at}{a:certain|bare} | ^{at}?{c:certain} )
        {^certain|start|lasting|stop|end|until|example}{0,12}{UNTIL}{B}""",
        builders.pair,
    ),
    # "from the start to 12 s"
    "from the beginning to b": Phrase(
        """(?: {from|between}{start} | (?: ^ | (?<={line|stop|comma|open|is}) ){start} )
        (?: {word_to}{1,2} | (?<={from}{start}){dash} | (?<={between}{start}){and} ){at}?{b:time}""",
        builders.from_beginning,
    ),
    # "It starts at the beginning and ends at 12 s."
    "at the beginning, end b": Phrase(
        "{at|from}{start}{and|comma}{0,2}{lasting|other}{0,2}(?:{UNTIL}|{word_to}){B}",
        builders.from_beginning,
    ),
    # "5 s to the end"
    "a to the end": Phrase("{from}?{a:time}{comma}?{sep}{1,3}{end}{FINAL}", builders.to_finish),
    # "between 5 s and the end"
    "between a and the end": Phrase("{between}{a:time}{and}{end|finish}{FINAL}", builders.to_finish),
    # "from 5 s onwards"
    "from a onwards": Phrase(
        "{from|start}{at|from}?{a:certain|bare}{comma|and|other|at}{0,2}{onwards}", builders.to_finish
    ),
    # "the first 7 seconds"
    "first seconds": Phrase("{first}{b:unit}(?!{sep|and})", builders.from_beginning, WEAK),
    # "the last 7 seconds"
    "last seconds": Phrase("{last}{a:unit}(?!{sep|and})", builders.last_seconds, WEAK),
    # "from start to finish"
    "start to finish": Phrase("{from}{start}{word_to}{end}{FINAL}", builders.whole_video, WEAK),
    # "throughout the video"
    "whole video": Phrase("{whole}", builders.whole_video, WEAK),
    # "5.0, 12.0" is all of the answer.
    "nothing but two times": Phrase(
        "^{line}*(?: {paren}?{a:certain}{comma|line}?{b:certain}{close}? | {c:bare}{comma}{d:time} ){stop|line}*$",
        builders.pair,
        UNCERTAIN,
    ),
}  # fmt: skip
"""Phrases by name."""

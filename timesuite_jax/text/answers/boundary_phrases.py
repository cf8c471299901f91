"""Phrases that refer to the beginning or the end of the video: "from 5 s onwards"."""

from timesuite_jax.text.answers import builders
from timesuite_jax.text.answers.phrase import WEAK, Phrase

BOUNDARY_PHRASES = {
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
    # "Until 12 s." is all of the answer.
    "until b": Phrase("^{line}*{until}{at}?{b:unit}{stop|line}*$", builders.from_beginning, WEAK),
    # "the first 7 seconds"
    "first seconds": Phrase("{first}{b:unit}(?!{sep|and})", builders.from_beginning, WEAK),
    # "the last 7 seconds"
    "last seconds": Phrase("{last}{a:unit}(?!{sep|and})", builders.last_seconds, WEAK),
    # "from start to finish"
    "start to finish": Phrase("{from}{start}{word_to}{end}{FINAL}", builders.whole_video, WEAK),
    # "throughout the video"
    "whole video": Phrase("{whole}", builders.whole_video, WEAK),
}  # fmt: skip

"""Phrases with times that denote no span: what is denied, excepted, counted, or relative to another time."""

from timesuite_jax.text.answers.phrase import Phrase

NO_SPANS = {
    # "For example, 3 - 4 seconds."
    "example": Phrase("{example}{^stop|line}*"),
    # "not from 3 to 4 s"
    "negation": Phrase("{not}{from|between|at|is|other}{0,2}{RANGE}"),
    # "except from 3 to 4 s and from 6 to 7 s"
    "exception": Phrase("{EXCEPTION}"),
    # "the whole video except from 3 to 4 s": what remains is not one span
    "whole video, with an exception": Phrase("{whole}{^time|stop|line}{0,12}(?:{EXCEPTION}|{except})"),
    # "It is not visible in the video from 3 to 4 s."
    "denial of a to b": Phrase("{DENIAL}"),
    # "From 3 to 4 s it is not visible."; but not "it appears from 3 to 4 s and does not appear again"
    "a to b, denied": Phrase(
        """(?: {from|between}?{RANGE}(?!{and}) | (?: ^ | (?<={stop|line}) ){from|between}{RANGE}{comma} )
        {^time|stop|line|comma|clause|correction}{0,6}(?<!{and})(?: {denied} | (?!{DENIAL}){denial} )"""
    ),
    # "until 5 to 12 s", "by 5 to 12 s"
    "limit between a and b": Phrase("(?: {until|by} | (?: ^ | (?<={stop|line|lasting}) ){to} ){at}?{RANGE}"),
    # "5 - 12 s is less accurate than" 20 - 30 s
    "a to b, worse": Phrase("{from|between}?{RANGE}{is|other}{0,3}{less}(?: {other}{0,3}{than} | (?={time}) )"),
    # "saliency scores: 3.0, 3.0", "confidence between 0.8 and 0.9"
    "quantity": Phrase(
        """{quantity}{^time|start|end|lasting|stop|line|count}{0,8}{bare|decimal}(?!{sep}{1,2}{unit})
        (?:{sep|and}{1,2}{bare|decimal}(?!{sep}))?(?:{comma|and}{1,2}{bare|decimal}(?!{sep}{time}))*"""
    ),
    # "for 5 to 12 seconds": how long, not when
    "length between a and b": Phrase("{for}{between}?{bare|decimal|spelled}{sep|and}{1,2}{measured}"),
    # "duration: 5 - 12 s", "lasts between 5 and 12 seconds": how long, or from when to when
    "length or span": Phrase(
        """(?: {lasting}{word}{0,2} | {LABEL}{lasting}{is}{word}? ){between}?
        {bare|decimal|measured|spelled}{sep|and}{1,2}{bare|decimal|measured}"""
    ),
    # "every 5 to 12 seconds", "a distance of 5 m to 12 m", "Length: 5 to 12 s"; but not "cut the length: 5 - 12 s"
    "amount": Phrase("(?: {amount}{other}? | {LABEL}{amount}{is} ){RANGE}"),
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
        "{relative}(?: {bare|decimal|spelled}{sep}{1,2} | {from}?{bare|spelled}{weak_to} ){bare|decimal|measured}"
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
}  # fmt: skip

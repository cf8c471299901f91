"""Phrases of two times, one after the other: "from 5 to 12 s"."""

from timesuite_jax.text.answers import builders
from timesuite_jax.text.answers.phrase import UNCERTAIN, Phrase

RANGES = {
    # "1 - 5.0 to 12.0 seconds"
    "range behind a list number": Phrase(
        "(?: ^ | (?<={line}) ) {bare}{dash}{a:certain}{sep}{1,3}{b:certain}", builders.pair
    ),
    # "3 s - 4 s - 5 s"
    "chain": Phrase("{time}(?:{sep}{1,3}{bare|certain}){2,}"),
    # "from 3 s until 5 to 12 s"
    "chain, with a preposition": Phrase("{from}{time}{sep}{1,3}{time}{sep}{1,3}{certain}"),
    # "5 - 12 s is better than 6 - 13 s"
    "a to b, compared": Phrase(
        """{from|between}?{a:time}(?:{sep}{1,3}{at}?|{weak_to}|{and}){b:time}
        (?: {is}?{other|to}{0,5}{comma}?{than} | {comma}?{over} ){from|between|at}?{RANGE}""",
        builders.pair,
    ),
    # "between 5 and 12 s, no, 6 and 13 s"
    "a and b, corrected": Phrase(
        """(?: {between}{time}{and|dash|to}{1,2}{time} | {from}?{time}{sep}{1,3}{time} ){comma|dash|open|stop|line}{0,2}
        {correction}{bridge|comma|is|dash}{0,3}{between}?{a:time}{and}
        (?: {b:unit|decimal|spelled}(?!{sep|and}) | {d:bare}(?= {stop|line} | $ ) )""",
        builders.pair,
    ),
    # "from 5 to 12 s, I mean 13"
    "a to b, corrected to c": Phrase(
        """{from|between}?{a:time}(?:{sep}{1,3}{at}?|{and}){time}{comma|dash|open}{0,2}{correction}{bridge|comma|until|to}{0,3}
        {b:time}(?!{sep|and|weak_to|from|count} | {comma}{time|from|between})""",
        builders.pair_with_end,
    ),
    # "t0 = 5 s, t1 = 12 s"
    "variables": Phrase(
        "{from|between}?(?:{variable}{is}?{time}{comma|and|sep|line|stop}{0,2}){2,16}", builders.variables
    ),
    # "(t0, t1) = (5, 12)"
    "two variables, a, b": Phrase(
        "{variable}{comma|and|sep}{variable}{close}?{is}{open}?{time}{comma|and|sep}{time}", builders.variables
    ),
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
    # "<|5.00|> hello <|12.00|> world <|20.00|>": points
    "points in a text": Phrase("{stamp}(?:{^stamp|line}{1,60}{stamp}){2,}"),
    # "<|5.00|> hello <|12.00|>"
    "text between a and b": Phrase("{a:stamp}{^stamp|line}{0,60}{b:stamp}", builders.pair),
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
    # "(5.0, 12.0), (20.0, 30.0)" is all of the answer.
    "nothing but pairs": Phrase(
        "^{line}*(?:{paren}{certain}{comma}{certain}{close}{comma|and|line|stop}{0,2}){2,}$",
        builders.ascending_pairs,
        UNCERTAIN,
    ),
    # "5.0, 12.0" is all of the answer.
    "nothing but two times": Phrase(
        """^{line}*(?: {paren}?{a:certain}{comma|line|stop}{0,3}{b:certain}{close}? | {c:bare}{comma}{d:time} )
        {stop|line}*$""",
        builders.pair,
        UNCERTAIN,
    ),
}  # fmt: skip

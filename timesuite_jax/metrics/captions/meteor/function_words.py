"""The words that METEOR 1.5 takes for function words in English: the most frequent ones, and punctuation.

The list of the METEOR distribution (`function/english.words`); they weigh less than content words.
"""

_WORDS = (
    "the , . to of and a in that for \" is on 's it with was as said at he by be from have has are his but an this not "
    "i will \u2019 they ) -rrb- ( -lrb- who their had we which were been more or s its would about new one after you "
    ": also up when there than $ all out her people she year two - can if last first \u201c over other \u201d into "
    "some what so -- no time years could ? 't \u2014 '"
)

FUNCTION_WORDS = frozenset(_WORDS.split())

"""The words that METEOR 1.5 takes for function words in English: the most frequent ones, and punctuation.

The list of the METEOR distribution (`function/english.words`); they weigh less than content words.
"""

FUNCTION_WORDS = frozenset(
    (
        "the , . to of and a in that for \" is on 's it with was as said at he by be from have has are his but an this "
        "not i will ’ they ) -rrb- ( -lrb- who their had we which were been more or s its would about new one after you "
        ": also up when there than $ all out her people she year two - can if last first “ over other ” into some what "
        "so -- no time years could ? 't — '"
    ).split()
)

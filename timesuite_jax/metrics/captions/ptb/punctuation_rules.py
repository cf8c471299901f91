"""Rules of punctuation, brackets, quotation marks and symbols."""

from timesuite_jax.metrics.captions.ptb.characters import SPACE, SYMBOL
from timesuite_jax.metrics.captions.ptb.rule import Rule, fixed, rule

_BRACKETS = {"(": "-LRB-", ")": "-RRB-", "[": "-LSB-", "]": "-RSB-", "{": "-LCB-", "}": "-RCB-"}
_MARKS = str.maketrans(
    {
        **dict.fromkeys("\u0091\u2018\u201b\u2039", "`"),
        **dict.fromkeys("\u0092\u2019\u203a", "'"),
        **dict.fromkeys("\u0093\u201c\u00ab", "``"),
        **dict.fromkeys("\u0094\u201d\u00bb", "''"),
    }
)


def _quotation_marks(text: str) -> tuple[str]:
    return (text.translate(_MARKS),)


PUNCTUATION: tuple[Rule, ...] = (
    rule("[\u0096\u0097\u2013\u2014\u2015]", write=fixed("--")),
    rule("-(?i:[LR][RCS]B)-"),
    # The kind of a quotation mark depends on its surroundings, but all kinds are dropped later.
    rule("\"|&quot;|''?|``|&apos;", write=fixed("''")),
    rule("[`\u0091-\u0094\u00ab\u00bb\u2018\u2019\u201b-\u201d\u2039\u203a]{1,2}", write=_quotation_marks),
    rule(rf"\.{{3,5}}|(?:\.[{SPACE[0]}\u00a0]){{2,4}}\.|[\u0085\u2026]", write=fixed("...")),
    *(rule(rf"\{sign}", write=fixed(name)) for sign, name in _BRACKETS.items()),
    rule("-{3,4}", write=fixed("--")),
    rule("-+"),
    rule("[!?]+"),
    rule("[.,;:=+%&~^|/<>\\\\]"),
    rule("<<|>>"),
    rule(r"[*]+|[#]+|[@]+|_+"),
    rule(f"[{SYMBOL}]"),
    rule("[\u201a\u201e\u201f]+"),
)

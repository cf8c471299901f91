"""Rules of numbers, dates, fractions, telephone numbers and prices."""

from timesuite_jax.metrics.captions.ptb.characters import APOSTROPHE, DIGIT, NEWLINE, SPACE
from timesuite_jax.metrics.captions.ptb.rule import Rule, fixed, rule

_D = f"[{DIGIT}]"
_FRACTIONS = {"\u00bc": "1/4", "\u00bd": "1/2", "\u00be": "3/4", "\u2153": "1/3", "\u2154": "2/3"}


def _unbreakable(text: str) -> tuple[str]:
    """Writes the spaces of a token as no-break spaces."""
    return (text.replace(" ", "\u00a0").replace("(", "-LRB-").replace(")", "-RRB-"),)


NUMBERS: tuple[Rule, ...] = (
    rule(rf"{_D}{{1,2}}[-/]{_D}{{1,2}}[-/]{_D}{{2,4}}"),
    rule(rf"[-+]?{_D}*(?:[.:,\u00ad\u066b\u066c]{_D}+)+"),
    rule(rf"[-+]?{_D}+"),
    rule("[\u207a\u207b\u208a\u208b]?(?:[\u2070\u00b9\u00b2\u00b3\u2074-\u2079]+|[\u2080-\u2089]+)"),
    rule(rf"(?:{_D}{{1,4}}[- \u00a0])?{_D}{{1,4}}(?:\\?/|\u2044){_D}{{1,4}}", write=_unbreakable),
    *(rule(sign, write=fixed(text)) for sign, text in _FRACTIONS.items()),
    rule(
        r"(?:\([0-9]{2,3}\)[ \u00a0]?|(?:\+\+?)?(?:[0-9]{2,4}[- \u00a0])?[0-9]{2,4}[- \u00a0])"
        r"[0-9]{3,4}[- \u00a0]?[0-9]{3,5}",
        write=_unbreakable,
    ),
    rule(r"[A-Z]*\$|#"),
    rule("\u00a2", write=fixed("cents")),
    rule("\u00a3", write=fixed("#")),
    rule("[\u0080\u00a4\u20a0\u20ac]", write=fixed("$")),
    rule(f"{APOSTROPHE}[0-9][0-9]", ahead=f"[{SPACE}{NEWLINE}]"),
)

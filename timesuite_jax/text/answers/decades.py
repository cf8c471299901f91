"""Expressions for decades, of a life or of a century: "in his 20s", "the 60s-70s music", "1980s to 1990s".

Regular expressions over text in lower case. A time in seconds has the same notation ("from the 20s to the 30s mark"):
only what precedes or follows a decade identifies it.
"""

_PART = r"(?:early|mid|late)"
_WHOSE = rf"(?:(?:his|her|their|my|your|our)(?:[\s-]{_PART})?|{_PART})"
_TO = r"\s?(?:-|to|through|and|or)\s?(?:the\s)?"
_AGE, _OF_CENTURY, _YEARS = r"[1-9]0s\b", r"[2-9]0s\b", r"(?:19|20)\d0s\b"
_POSITION = (
    r"(?:marks?|points?|timestamps?|times?|range|segment|interval|clip|part|section|window|portion|span|scene|moment|period"
    r"|of|in|to|and|or|is|are|was|were|until|when|where|it)"
)

DECADES = (
    # "in their late 30s to early 40s"
    rf"\b{_WHOSE}[\s-]{_AGE}(?:{_TO}(?:{_WHOSE}[\s-])?{_AGE})?",
    # "the 60s-70s music"; but not "from the 60s to 70s mark"
    rf"\bthe\s(?<!from\sthe\s)(?<!between\sthe\s)(?<!at\sthe\s)(?<!is\sthe\s){_OF_CENTURY}{_TO}{_OF_CENTURY}(?=\s(?!{_POSITION}\b)[a-z])",
    # "1980s to 1990s"
    rf"\b{_YEARS}{_TO}(?:{_PART}[\s-])?{_YEARS}",
)

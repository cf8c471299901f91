"""The summariser that needs no model: the main clause of a caption's first sentence that has one.

Captions that models write begin with phrases such as "In this clip, we can see", which are removed, and go on with
clauses ("while ...", "which ...") that a title does without.
"""

import re
from dataclasses import dataclass

from timesuite_jax.data.timepro.grounded_captions.words import FUNCTION_WORDS, words

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[\u3002\uff01\uff1f])\s*|\n+")  # Chinese full stops, too
_MEDIUM = (
    r"(?:(?:short|current|given|provided|next|first|following)\s+)?(?:video\s+)?"
    r"(?:video|clip|scene|segment|shot|footage|frame|image|part)s?"
)
_SHOWS = (
    r"(?:shows?|depicts?|features?|captures?|displays?|presents?|illustrates?|demonstrates?|portrays?|"
    r"(?:begins?|starts?|opens?|continues?|ends?|concludes?)\s+(?:with|by\s+showing))"
)
_OPENING = re.compile(
    rf"""
      (?:in|during|throughout|at\s+the\s+(?:beginning|start|end)\s+of)\s+(?:this|the)\s+{_MEDIUM}\s*,?\s+
    | (?:this|the)\s+{_MEDIUM}\s+(?:then\s+|also\s+|mainly\s+|primarily\s+)?{_SHOWS}\s+(?:us\s+)?
    | (?:we|you|viewers|one)\s+(?:can\s+|are\s+able\s+to\s+)?(?:also\s+|clearly\s+)?
      (?:see|observe|watch|notice)\s+(?:that\s+)?
    | there\s+(?:is|are|was|were)\s+
    | it\s+(?:appears|seems)\s+(?:that\s+)?
    | (?:then|next|finally|afterwards|meanwhile|first|now|here)\s*,\s+
    """,
    re.IGNORECASE | re.VERBOSE,
)
_ASIDE = re.compile(
    rf"\s+(?:in|of)\s+(?:this|the)\s+{_MEDIUM}\b|\b(?:is|are)\s+(?:seen|shown|depicted)\s+", re.IGNORECASE
)
_QUOTES = str.maketrans("", "", '"\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}')
_SUBORDINATE = re.compile(
    r"\s*(?:;|:|\s-\s|\N{EM DASH}|,?\s(?:while|whereas|because|so\sthat|indicating|suggesting|possibly|likely)\s|"
    r",\s(?:which|who|where|as|with|and|then|but|before|after|creating|giving|making|adding)\s).*",
    re.IGNORECASE | re.DOTALL,
)
_PRONOUNS = frozenset(("he", "she", "it", "they", "his", "her", "its", "their", "we", "i", "you"))
_COORDINATING = frozenset(("and", "or", "but"))
_MIN_CLAUSE = 3  # words before a subordinate clause that is left out
_MIN_CONTENT = 3  # nouns, verbs and the like in a sentence that is preferred to others: "There is text on the screen."


@dataclass(frozen=True)
class KeyClause:
    """Shortens a caption to the main clause of its first sentence with content; deterministic.

    Attributes:
      max_words: a longer clause is cut.
      min_words: sentences with fewer words are passed over, and those about "he" or "it", which need another sentence.
    """

    max_words: int = 12
    min_words: int = 3

    def __call__(self, caption: str) -> str:
        """Returns the title of a caption, which begins with a capital letter and has no full stop."""
        sentences = (" ".join(sentence.split()) for sentence in _SENTENCE_END.split(caption.translate(_QUOTES)))
        titles = [title for sentence in sentences if self._suffices(title := self._shorten(sentence))]
        preferred = (title for title in titles if len(_content(title)) >= _MIN_CONTENT)
        title = next(preferred, titles[0] if titles else "")
        return title[:1].upper() + title[1:]

    def _suffices(self, title: str) -> bool:
        found = words(title)
        return len(found) >= self.min_words and found[0] not in _PRONOUNS

    def _shorten(self, sentence: str) -> str:
        sentence = _without_opening(sentence)
        clause = _SUBORDINATE.sub("", sentence)
        if len(words(clause)) < _MIN_CLAUSE:
            clause = sentence
        clause = " ".join(_ASIDE.sub(" ", clause).split()).replace(" ,", ",")
        return _cut(clause, self.max_words).strip(" .,;:!?\u3002\uff01\uff1f'")


def _cut(clause: str, max_words: int) -> str:
    """The first words of a clause, without an incomplete phrase at the end."""
    parts = clause.split(" ")
    if len(parts) == 1 and len(words(clause)) > max_words:  # a script without spaces
        return "".join(words(clause)[:max_words])
    kept, rest = parts[:max_words], parts[max_words:]
    if rest and not _connects(rest[0]):  # within a phrase, which begins at the last function word
        begin = next((number for number in reversed(range(len(kept))) if _connects(kept[number])), 0)
        kept = kept[:begin] if begin >= max_words // 2 else kept
    if rest:
        kept = _without_last_part(kept, max_words // 2)
    while rest and len(kept) > 1 and _connects(kept[-1]):
        del kept[-1]
    return " ".join(kept)


def _without_last_part(kept: list[str], min_words: int) -> list[str]:
    """Leaves out what follows the last comma or "and" of a clause that is cut, if enough words precede it."""
    for number in reversed(range(min_words, len(kept))):
        if kept[number].lower() in _COORDINATING or kept[number - 1].endswith(","):
            return kept[:number]
    return kept


def _connects(word: str) -> bool:
    return word.lower().strip(",") in FUNCTION_WORDS


def _content(title: str) -> list[str]:
    return [word for word in words(title) if word not in FUNCTION_WORDS]


def _without_opening(sentence: str) -> str:
    """Removes the phrases that name the video, as many as there are."""
    while found := _OPENING.match(sentence):
        sentence = sentence[found.end() :]
    return sentence

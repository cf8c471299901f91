"""METEOR 1.5's own tokenization of a sentence (`-norm`), applied to PTB tokens too.

It splits again what the PTB tokenizer has left whole: "n't" becomes "n" and "'t", "stir-fry" two words, "e.g." "eg".
Follows `Normalizer` of METEOR 1.5 (http://www.cs.cmu.edu/~alavie/METEOR), whose character classes are ASCII's unless
they list letters.
"""

import itertools
import re

_ALPHA = "A-Za-zŠŽšžŸÀ-ÖØ-öø-žЀ-ӿԀ-ԧꙀ-ꙮ꙾-ꚗᴀ-ᵿ"
_OTHER = re.compile(rf"([^0-9{_ALPHA} \t\n\x0b\f\r.'`,\-\u2018\u2019])")
_DOT = "\ue000"  # a dot of a run, until full stops have been split off
_DOTS = re.compile(r"\.{2,}")
_COMMAS = tuple(re.compile(pattern) for pattern in ("([^0-9]),([^0-9])", "([0-9]),([^0-9])", "([^0-9]),([0-9])"))
_HYPHEN = re.compile(rf"([0-9{_ALPHA}.])-([0-9{_ALPHA}])")
_APOSTROPHES = (
    (re.compile(rf"([^{_ALPHA}])'([^{_ALPHA}])"), r"\1 ' \2"),
    (re.compile(rf"([^{_ALPHA}0-9])'([{_ALPHA}])"), r"\1 ' \2"),
    (re.compile(rf"([{_ALPHA}])'([^{_ALPHA}])"), r"\1 ' \2"),
    (re.compile(rf"([{_ALPHA}])'([{_ALPHA}])"), r"\1 '\2"),
    (re.compile(r"([0-9])'(s)"), r"\1 '\2"),
)
_LETTER = re.compile(f"[{_ALPHA}]")
_SPACES = re.compile("[ \u00a0\u2000-\u200a\u202f\u205f\u3000]+")
_ASCII_SPACES = re.compile("[ \t\n\r\f]+")

# Words after which a full stop does not end a sentence, from the Moses tokenizer's list for English: always, and
# before a number only.
_ALWAYS = (
    "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z Adj Adm Adv Asst Bart Bldg Brig Bros Capt Cmdr Col Comdr Con "
    "Corp Cpl DR Dr Drs Ens Gen Gov Hon Hr Hosp Insp Lt MM MR MRS MS Maj Messrs Mlle Mme Mr Mrs Ms Msgr Op Ord Pfc Ph "
    "Prof Pvt Rep Reps Res Rev Rt Sen Sens Sfc Sgt Sr St Supt Surg v vs i.e rev e.g Nos Nr"
)
_PREFIXES = frozenset(_ALWAYS.split())
_NUMERIC_PREFIXES = frozenset(("No", "Art", "pp"))


def meteor_words(sentence: str) -> list[str]:
    """Splits a sentence into lower-case words as METEOR 1.5 does for English."""
    text = _OTHER.sub(r" \1 ", f" {sentence} ")
    text = _DOTS.sub(lambda run: f" {_DOT * len(run[0])} ", text)
    for comma in _COMMAS:
        text = comma.sub(r"\1 , \2", text)
    text = re.sub("[`\u2018\u2019]", "'", text)
    text = re.sub("[\u201c\u201d]|''", ' " ', text)
    text = text.replace("\u2013", "-").replace("--", "-")
    text = _HYPHEN.sub(r"\1 \2", text)
    for pattern, replacement in _APOSTROPHES:
        text = pattern.sub(replacement, text)
    words = [word for word in _ASCII_SPACES.split(text) if word]
    text = " ".join(_split_stop(word, after) for word, after in itertools.pairwise([*words, ""]))
    text = _SPACES.sub(" ", text.replace(_DOT, ".")).strip()
    return text.lower().split(" ") if text else []


def _split_stop(word: str, after: str) -> str:
    """Splits a full stop off a word unless it belongs to it: an abbreviation, or before a lower-case letter."""
    if len(word) < 2 or not word.endswith("."):
        return word
    stem = word[:-1]
    if "." in stem and _LETTER.search(stem):
        return word.replace(".", "")
    if stem in _PREFIXES or re.match("[a-z]", after) or (stem in _NUMERIC_PREFIXES and re.match("[0-9]", after)):
        return word
    return f"{stem} ."

"""Finds the option that an answer to a multiple-choice question chooses: "A: 0 - 5 s B: 10 - 20 s. The answer is B"."""

import re
from itertools import pairwise

_NAME = r"[(\[*_]{0,4}([a-h]|[1-9])[)\]*_]{0,4}"
_LETTER = _NAME.replace("|[1-9]", "")  # "the score is 3." chooses nothing
# The beginning of an option: "A:", "(b)", "3.", "**C.**", "Option D -".
_MARK = re.compile(
    r"(?:^|(?<=[\s(\[,;\u3002\u3001]))(?:[*_]{0,2}(?:option|choice)\s)?[*_]{0,2}"
    r"(?:[(\[]([a-h]|[1-9])[)\]](?=[\s*_])|([a-h]|[1-9])[).:\uff1a](?=[\s*_])|([a-h])\s(?:[-\u2013\u2014]\s)?(?=\d|from\b))"
)
_MORE = r"((?:\s?(?:,|and|&|und|et|y|e|и|和)\s?[(\[*_]{0,4}[a-h](?![^\W_])){0,6})"
_LAST = r"(?=[.!]{0,2}(?:\s{0,4}$|\n|</)|\s(?:because|since|as)\b|입니다|이다|です|だ)"
_END = rf"(?:{_LAST}|(?=[.,;:!](?!\d)|\s-))"
_VERB = (
    r"[ \t*_`\]]{0,4}(?:[:\uff1a=>]|is|are|ist|sind|est|sont|es|son|è|é|是|为|為|は|[은는이])?"
    r"\s{0,3}(?:option\s|choice\s)?"
)
_ANSWER = (
    r"(?<!/)answers?|correct(?:\sone)?|antwort|lösung|r\u00e9ponse|respuesta|risposta|resposta|\u043e\u0442\u0432\u0435\u0442"
    "|答案|回答|正解|答え|정답|답"
)
_OPTION = r"option|choice|choose|pick|select|opción|opção|opzione|вариант|选项|選項|選択肢"
_CHOICE = re.compile(
    rf"(?:(?:{_ANSWER}|(?:correct|right|best)\s(?:{_OPTION})){_VERB}{_NAME}{_MORE}{_END}"
    rf"|(?:(?:{_OPTION}){_VERB}|\\boxed\s?\{{|(?:^|\n)[ \t]{{0,4}}){_NAME}{_MORE}\}}?{_LAST}"
    rf"|(?:\b(?:so|thus|hence|therefore|be|but|is)[,:]?\s|[=>\u2192]\s?){_LETTER}[.!]?\s{{0,4}}$"
    r"|(?:^|(?<=[\s(\[*]))[(\[]?([a-h]|(?<=option\s)[1-9])[)\]]?\s(?:is|seems)\s(?:the\s)?(?:correct|right|best|answer)\b)"
)
_NEXT = re.compile(r"\W*\w\W*")


def chosen_options(text: str) -> str | None:
    """Returns the texts of the options that an answer chooses, one a line; None if it lists or chooses none.

    An option that is not in the list has no text. The number or letter that would be next in the list, alone on the
    last line, is the beginning of an option that was cut off.

    Args:
      text: the answer, in lower case, without thinking.
    """
    choices = list(_CHOICE.finditer(text))
    if not choices:
        return None
    choice, marks = choices[-1], _marks(text)
    if not marks:
        return None
    ends = [following.start() for _, following in pairwise(marks)] + [len(text)]
    options: dict[str, str] = {}
    for mark, end in zip(marks, ends, strict=True):
        after = choice.start() if mark.end() <= choice.start() < end else end
        options[_name(mark)] = text[mark.end() : after]
    names = [name for group in choice.groups("") for name in re.findall(r"\b[a-h1-9]\b", group)]
    last = _name(marks[-1])
    if names[0].isdigit() != last.isdigit() or (_NEXT.fullmatch(choice[0]) and ord(names[0]) == ord(last) + 1):
        return None
    return "\n".join(options[name] for name in names if name in options)


def _marks(text: str) -> list[re.Match[str]]:
    """The marks of the last list that begins with "a" or "1" and has two options or more."""
    lists: list[list[re.Match[str]]] = []
    for mark in _MARK.finditer(text):
        name = _name(mark)
        if name in "a1":
            lists.append([mark])
        elif lists and ord(name) == ord(_name(lists[-1][-1])) + 1:
            lists[-1].append(mark)
    return next((marks for marks in reversed(lists) if len(marks) > 1), [])


def _name(mark: re.Match[str]) -> str:
    return mark[1] or mark[2] or mark[3]

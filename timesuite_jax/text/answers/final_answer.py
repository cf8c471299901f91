"""Drops what is not the answer: the model's thinking, and examples of the prompt that it repeats."""

import re

from timesuite_jax.text.answers.options import chosen_options
from timesuite_jax.text.prompts import EXAMPLE_ANSWERS

_DIGIT = re.compile(r"\d")
_THINKING = r"think|thinking|thoughts?|reason|reasoning|reflection|scratchpad"
_TAG = re.compile(
    rf"(?P<open>[<\[\u25c1](?:\w{{1,10}}:|\|begin_of_|\|)?(?:{_THINKING})\|?[>\]\u25b7])"
    rf"|(?P<close>[<\[\u25c1](?:/(?:\w{{1,10}}:)?|\|end_of_|\|/)(?:{_THINKING})\|?[>\]\u25b7])"
)
_ANSWER_OPEN = re.compile(r"<\|?(?:begin_of_)?(?:answer|solution)\|?>")
_ANSWER_CLOSE = re.compile(r"</(?:answer|solution)>|<\|end_of_(?:answer|solution)\|>")
_STRUCK_OUT = re.compile(r"~~[^~\n]{1,200}~~|<(?P<tag>del|strike)>[^<]{1,200}</(?P=tag)>")
# Labels as in "Thinking: ...", "**Answer:** ...", "## Final answer" and "... So the answer is ...".
_DECORATION = r"[ \t#*_>`\[]{0,8}"
_LABEL = re.compile(
    rf"(?:(?:^|[\n.!?\u3002>]){_DECORATION}(?:(?:so|thus|therefore|hence),? )?(?:the |my )?"
    r"(?:(?:final|corrected|revised|updated|correct|right) )?"
    r"(?:answer|r\u00e9ponse|antwort|respuesta|risposta|resposta|\u043e\u0442\u0432\u0435\u0442)"
    r"|\u7b54\u6848|\u56de\u7b54|\u7b54\u3048|\ub2f5\ubcc0|\u7b54)"
    r"[ \t*_`\]]{0,8}(?:[:\uff1a=]|is\b|\n)"
)
_THINKING_LABEL = re.compile(
    rf"^\s{{0,8}}{_DECORATION}(?:(?:my )?(?:{_THINKING}|thought process|chain of thought|\u601d\u8003)"
    r"[ \t*_`\]]{0,8}[:\uff1a\n]|let me think|let's think)"
)


def final_answer(text: str) -> str:
    """Returns the part of a reply in which to look for the answer.

    Text within thinking tags is dropped, even if the opening or the closing tag is missing, and so is text that is
    struck out. Of the rest it is the option that a reply to a multiple-choice question chooses, else the contents of
    `<answer>` tags if there are any, else what follows the last "Answer:". A reply that begins with "Thinking:" and has
    no answer, because it was cut off, yields nothing.

    Args:
      text: the reply, in lower case.
    """
    text = _without_thinking(text)
    for example in EXAMPLE_ANSWERS:
        text = text.replace(example, " ")
    text = _STRUCK_OUT.sub(" ", text)
    chosen = chosen_options(text)
    if chosen is not None:
        return chosen
    tagged = _tagged(text)
    if tagged is not None:
        return tagged
    last_digit = max((digit.start() for digit in _DIGIT.finditer(text)), default=-1)
    # A label after all numbers is none: "5 - 12 seconds. Answer: yes".
    starts = [label.end() for label in _LABEL.finditer(text) if label.end() <= last_digit]
    if starts:
        return text[starts[-1] :]
    return "" if _THINKING_LABEL.match(text) else text


def _without_thinking(text: str) -> str:
    parts: list[str] = []
    thinking, at = False, 0
    for tag in _TAG.finditer(text):
        if not thinking:
            parts.append(text[at : tag.start()])
        if tag.lastgroup == "close" and not thinking:
            parts.clear()  # the prompt ended with the opening tag
        thinking, at = tag.lastgroup == "open", tag.end()
    return " ".join(parts if thinking else [*parts, text[at:]])


def _tagged(text: str) -> str | None:
    """The contents of all answer tags, one a line; None if there is none. The last one may lack its closing tag."""
    found: list[str] = []
    at = 0
    while (opening := _ANSWER_OPEN.search(text, at)) is not None:
        closing = _ANSWER_CLOSE.search(text, opening.end())
        at = closing.end() if closing else len(text)
        found.append(text[opening.end() : closing.start() if closing else at])
    return "\n".join(found) if found else None

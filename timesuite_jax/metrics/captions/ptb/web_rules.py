"""Rules of markup, addresses of the web and of mail, names with @ and #, and emoticons."""

import re

from timesuite_jax.metrics.captions.ptb.characters import DIGIT, LETTER
from timesuite_jax.metrics.captions.ptb.rule import Rule, fixed, rule

_EXTENSIONS = (
    "bat bmp cpp c class cgi dll docx doc exe gif gz html htm h java jar jpeg jpg mov mp3 pdf php pl png ppt ps py sql "
    "tar txt wav x xml zip"
)
_END = r' \t\n\f\r"<>|.!?(){},-'
_HOST = r" \t\n\f\r\"`'|!(){},-_$"  # the range from comma to underscore, digits and capitals included
_NAME = "[A-Za-z][A-Za-z0-9_:.-]*"
_PATH = rf"(?:/[^ \t\n\f\r\"<>|()]+[^{_END}])?"


def _markup(text: str) -> tuple[str]:
    return (text.replace(" ", "\u00a0"),)


def _brackets(text: str) -> tuple[str]:
    return (text.replace("(", "-LRB-").replace(")", "-RRB-"),)


WEB: tuple[Rule, ...] = (
    rule(
        rf"<(?:[!?][A-Za-z-][^>\r\n]*|/?{_NAME}"
        rf"(?: +(?:{_NAME}(?: *= *(?:'[^'\r\n]*'|\"[^\"\r\n]*\"))?))* */?) *>",
        write=_markup,
    ),
    rule(r"https?://[^ \t\n\f\r\"<>|(){}]+[^" + _END + "]", flags=re.IGNORECASE),
    rule(rf"www\.(?:[^{_END}]+\.)+[a-zA-Z]{{2,4}}{_PATH}", flags=re.IGNORECASE),
    rule(rf"(?:[^{_HOST}]+\.)+(?i:com|net|org|edu){_PATH}"),
    rule(
        r"(?:<|&lt;)?[a-zA-Z0-9][^ \t\n\f\r\"<>|()\u00a0]*@(?:[^ \t\n\f\r\"<>|().\u00a0]+\.)*"
        r"[^ \t\n\f\r\"<>|().\u00a0]+(?:>|&gt;)?"
    ),
    rule(r"@[A-Za-z_][A-Za-z_0-9]*"),
    rule(f"#[{LETTER}]+"),
    rule(r"[<>]?[:;=][-o*']?[()DPdpO\\{@|\[\]]", ahead=r"(?:[^A-Za-z0-9]|\Z)", write=_brackets, flags=re.DOTALL),
    rule(r"[-^x=~<>']_[-^x=~<>']", write=_brackets),
    rule(r"\([-^x=~<>'][_.]?[-^x=~<>']\)", write=_brackets),
    rule("&(?:md|mdash|ndash);", write=fixed("--"), flags=re.IGNORECASE),
    rule("&amp;", write=fixed("&"), flags=re.IGNORECASE),
    rule("&lt;", write=fixed("<"), flags=re.IGNORECASE),
    rule("&gt;", write=fixed(">"), flags=re.IGNORECASE),
    rule("&nbsp;", write=lambda text: (), flags=re.IGNORECASE),
    rule("&(?:HT|TL|UR|LR|QC|QL|QR|odq|cdq|#[0-9]+);", flags=re.IGNORECASE),
)

FILE_NAMES: tuple[Rule, ...] = (
    rule(
        rf"[{LETTER}{DIGIT}]+(?:\.[{LETTER}{DIGIT}]+)*\.(?:{'|'.join(_EXTENSIONS.split())})",
        ahead=rf"(?:[^{LETTER}{DIGIT}]|\Z)",
        flags=re.IGNORECASE,
    ),
)

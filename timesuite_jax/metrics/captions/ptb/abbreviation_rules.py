"""Rules of abbreviations, which keep their full stop."""

import re

from timesuite_jax.metrics.captions.ptb.characters import NEWLINE, SPACE
from timesuite_jax.metrics.captions.ptb.rule import Rule, rule

_TITLES = (
    "adj adm adv alex attys ave brig capt cf cie cmdr col comdr cpl dept det dr drs elec ens ft gen gov govs hon "
    "invt jos lieut lt maj messrs mfg mme mr mrs ms mt mtg natl pfc ph pres prof profs pvt rep reps rev sen sens "
    "sfc sgt spc st ste supts treas vs wm"
)
# Months, states and companies, also before one more letter: "co.a" is "co." and "a", but "mr.a" is one token.
_OTHERS = (
    "al ala apr ariz assn aug bancorp bhd bldg blvd bros calif co colo conn corp cos ct dak dec esq est etc ext "
    "feb fla fri ga inc ind intl jan jr jul jun kan kans ky ltd mar md mich minn mo mon mont neb nev nov oct okla "
    "penn plc pte pty ptys rd rt sep sept seq sq sr sys tel tenn thu thurs tue tues univ va vt wed wis wisc wyo"
)
_CAPITALIZED = "Ark Az Del Ill La Mass Miss Ore Pa Tex Wash"
_BEFORE_NUMBER = "art ca fig figs no nos op pp prop"
# Before these and markup, the full stop after a single letter ends a sentence.
_SENTENCE_STARTS = (
    "A About According Additionally After An As At But Earlier He Her Here However If In It Last Many More Now Once "
    "One Other Our She Since So Some Such That The Their Then There These They This We What When While Yet You"
)
_BLANK = f"[{SPACE}{NEWLINE}]"


def _any_case(words: str) -> str:
    return f"(?i:{'|'.join(sorted(words.split(), key=len, reverse=True))})"


_CAPITALS = "|".join(f"{word[0]}(?i:{word[1:]})" for word in _CAPITALIZED.split())
_STARTS = "|".join(f"{word[0]}(?i:{word[1:]}){_BLANK}" for word in _SENTENCE_STARTS.split())

ABBREVIATIONS: tuple[Rule, ...] = (
    rule(rf"(?:{_any_case(_OTHERS)}|{_CAPITALS})\.", ahead="..", flags=re.DOTALL),
    rule(rf"(?:{_any_case(_OTHERS)}|{_CAPITALS})\."),
    rule(rf"{_any_case(_TITLES)}\."),
    rule(rf"{_any_case(_BEFORE_NUMBER)}\.", ahead=f"{_BLANK}*[0-9]"),
    rule("[A-Za-z]", ahead=rf"\.{_BLANK}+(?:{_STARTS}|M[rs]\.|</?[A-Za-z!][^>\r\n]*>{_BLANK})"),
    rule(r"[A-Za-z](?:\.[A-Za-z])*\."),
    rule(r"(?i:ed|ph)\.[dD]\.", ahead="..", flags=re.DOTALL),
    rule(r"(?i:ed|ph)\.[dD]\."),
)

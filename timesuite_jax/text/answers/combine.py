"""Joins numbers and units to times: "1 minute 20 seconds", "(5) s", "minute 5"."""

from timesuite_jax.text.answers.tokens import OPEN, OTHER, TIMES, Token

_NUMBERS = frozenset({"bare", "decimal", "spelled"})
_LINKS = frozenset({"dash", "to", "weak_to", "until", "and"})


def combine(tokens: list[Token]) -> list[Token]:
    """Returns the tokens with numbers and their units joined, and without brackets around a single time or unit."""
    tokens = _unwrap(_join(_unwrap(tokens)))
    return [token if _is_kept(tokens, at) else OTHER for at, token in enumerate(tokens)]


def _unwrap(tokens: list[Token]) -> list[Token]:
    kept: list[Token] = []
    for token in tokens:
        enclosed = token.kind == "close" and len(kept) > 1 and kept[-2].kind in OPEN
        if enclosed and (kept[-1].kind in TIMES or kept[-1].kind == "scale"):
            kept[-2:] = kept[-1:]
        else:
            kept.append(token)
    return kept


def _join(tokens: list[Token]) -> list[Token]:
    joined: list[Token] = []
    at = 0
    while at < len(tokens):
        time, after = _time_at(tokens, at)
        if time.kind != "scale" or time.unit != 1 or (joined and joined[-1].kind == "close"):  # "the second event"
            joined.append(time)
        at = after
    return joined


def _time_at(tokens: list[Token], at: int) -> tuple[Token, int]:
    """The token at `at`, with the units and smaller parts that belong to it, and the position after them."""
    token = tokens[at]
    if token.unit is not None and token.kind != "scale":  # a clock time needs none
        return token, at + 1 + (_unit(tokens, at + 1) is not None)
    if token.kind == "scale":  # "minute 5", but "second 5 s"
        number = tokens[at + 1] if at + 1 < len(tokens) else OTHER
        if number.kind in _NUMBERS and _unit(tokens, at + 2) is None:
            assert token.unit is not None
            return Token("measured", number.seconds * token.unit, token.unit), at + 2
        return token, at + 1
    unit = _unit(tokens, at + 1)
    if token.kind in _NUMBERS and at + 1 < len(tokens) and tokens[at + 1].kind == "half":  # "2 and a half minutes"
        token, at = token._replace(seconds=token.seconds + 0.5), at + 1
        unit = _unit(tokens, at + 1)
    if token.kind not in _NUMBERS or unit is None:
        return token, at + 1
    seconds, after = token.seconds * unit, at + 2
    if after < len(tokens) and tokens[after].kind == "half":  # "2 minutes and a half"
        return Token("measured", seconds + unit / 2, unit), after + 1
    while unit >= 1:
        part = after + (after < len(tokens) and tokens[after].kind in ("and", "comma"))
        smaller = _unit(tokens, part + 1) if part < len(tokens) and tokens[part].kind in _NUMBERS else None
        if smaller is not None and smaller < unit:
            seconds, unit, after = seconds + tokens[part].seconds * smaller, smaller, part + 2
        elif unit > 1 and part == after and after < len(tokens) and _is_bare_part(tokens, after):
            return Token("measured", seconds + tokens[after].seconds * unit / 60, unit / 60), after + 1  # "1 minute 20"
        else:
            break
    return Token("measured", seconds, unit), after


def _unit(tokens: list[Token], at: int) -> float | None:
    return tokens[at].unit if at < len(tokens) and tokens[at].kind == "scale" else None


def _is_bare_part(tokens: list[Token], at: int) -> bool:
    following = tokens[at + 1].kind if at + 1 < len(tokens) else "stop"
    is_number = tokens[at].kind == "bare" or (tokens[at].kind == "spelled" and following in _LINKS | {"stop", "comma"})
    return is_number and tokens[at].seconds < 60 and _unit(tokens, at + 1) is None


def _is_kept(tokens: list[Token], at: int) -> bool:
    """Whether a number in words may be a time: "one" is most often not."""
    neighbours = (tokens[at - 1].kind if at else "", tokens[at + 1].kind if at + 1 < len(tokens) else "")
    return tokens[at].kind != "spelled" or any(kind in _LINKS for kind in neighbours)

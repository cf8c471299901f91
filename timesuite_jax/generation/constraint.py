"""Constrained decoding on the device: which tokens may follow, from tables of a grammar and the numbers so far.

An answer is a walk through the nodes of an automaton (`generation.grammar`). Beside its node, a row's state has the
number in progress and the start of the span, so that the bounds of numbers (within the video, start before end) are
arithmetic, and one grammar serves videos of every length. Everything but the last lookup is done for classes of tokens,
a few hundred, not for the whole vocabulary. An answer is never cut short: a token is allowed only if the remaining ones
suffice to complete the answer after it.
"""

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jaxtyping import Array, Bool, Int, Shaped

from timesuite_jax.errors import UserError
from timesuite_jax.generation.grammar.closing import MAX_WIDTH
from timesuite_jax.generation.grammar.graph import Kind, Part, Rest
from timesuite_jax.generation.grammar.tables import FREE, Tables

_LONGEST = 10**MAX_WIDTH * 10 - 1  # tenths of a second
_HIGHEST_SCORE = 100  # tenths


@struct.dataclass
class Constraint:
    """The forms of a batch's answers.

    Attributes:
      tables: arrays of `Tables` by name, the same for every batch.
      node: where each row's answer begins.
      last: the last tenth of a second of each row's video.
      max_new_tokens: maximum length of an answer, within which it is completed.
    """

    tables: dict[str, Shaped[Array | np.ndarray, "..."]]
    node: Int[Array | np.ndarray, " B"]
    last: Int[Array | np.ndarray, " B"]
    max_new_tokens: Int[Array | np.ndarray, ""]


@struct.dataclass
class Progress:
    """State of each row."""

    node: Int[Array, " B"]
    whole: Int[Array, " B"]  # digits before the point of the number in progress
    tenths: Int[Array, " B"]  # the number in progress, or the latest
    start: Int[Array, " B"]  # of the latest span, in tenths
    unscored: Int[Array, " B"]  # moments without a score


def constraint(tables: Tables, forms: Sequence[str], durations: Sequence[float], max_new_tokens: int) -> Constraint:
    """Makes the constraint of a batch.

    Args:
      tables: the grammar.
      forms: of each row.
      durations: seconds of each row's video; a video shorter than a tenth of a second counts as one that long.
      max_new_tokens: maximum length of an answer.

    Raises:
      UserError: `max_new_tokens` are too few for an answer of a form.
    """
    last = np.array([last_tenth(duration) for duration in durations], np.int32)
    for form, tenth in {(form, int(tenth)) for form, tenth in zip(forms, last, strict=True) if form != FREE}:
        needed = _tokens_needed(tables, form, tenth)
        if needed > max_new_tokens:
            raise UserError(
                f"answers of the form {form!r} need up to {needed} tokens, but max_new_tokens={max_new_tokens}; raise "
                "it, or give --answers free"
            )
    arrays = {name: value for name, value in vars(tables).items() if isinstance(value, np.ndarray)}
    arrays["score_tokens"] = np.int32(tables.score_tokens)
    node = np.array([tables.forms[form] for form in forms], np.int32)
    return Constraint(arrays, node, last, np.int32(max_new_tokens))


def tokens_needed(tables: Tables, form: str, duration: float) -> int:
    """Returns how many tokens suffice for an answer about a video of this length; `NEVER` if there is no answer."""
    return _tokens_needed(tables, form, last_tenth(duration))


def _tokens_needed(tables: Tables, form: str, last: int) -> int:
    return int(tables.closing[len(str(last // 10)) - 1, tables.forms[form]])


def last_tenth(duration: float) -> int:
    """Returns the last multiple of 0.1 s within a video, in tenths; at least 1."""
    tenth = math.floor(min(duration, _LONGEST / 10) * 10)
    return max(1, tenth + 1 if (tenth + 1) / 10 <= duration and tenth < _LONGEST else tenth)


def begin(of: Constraint) -> Progress:
    """Returns the state before the first token."""
    zero = jnp.zeros_like(of.node)
    return Progress(jnp.asarray(of.node), zero, zero, zero, zero)


def allowed_tokens(of: Constraint, at: Progress, step: Int[Array, ""]) -> Bool[Array, "B V"]:
    """Returns which tokens may follow; arguments as `allowed_classes` takes them."""
    return allowed_classes(of, at, step)[:, jnp.asarray(of.tables["class_of"])]


def allowed_classes(of: Constraint, at: Progress, step: Int[Array, ""]) -> Bool[Array, "B classes"]:
    """Returns which classes of tokens may follow.

    Args:
      of: the constraint.
      at: states of the rows.
      step: number of the next token, from 0.
    """
    remaining = of.max_new_tokens - 1 - step
    tables = {name: jnp.asarray(value) for name, value in of.tables.items()}
    return jax.vmap(_allowed_classes, (None, 0, 0, None))(tables, jnp.asarray(of.last), at, remaining)


def _allowed_classes(
    tables: dict[str, Array], last: Int[Array, ""], at: Progress, remaining: Int[Array, ""]
) -> Bool[Array, " classes"]:
    """`allowed_classes` of one row."""
    target = tables["target"][at.node]
    node = jnp.maximum(target, 0)
    kind, part = tables["kind"][node], tables["part"][node]
    before, digits, value = tables["part"][at.node], tables["digits"], tables["value"]
    # Bounds of the number that the token writes or completes, in tenths.
    bounded = jnp.where(part == Part.OUTSIDE, tables["kind"][at.node], kind)
    low = jnp.where(bounded == Kind.END, at.start + 1, 0)
    high = jnp.where(bounded == Kind.SCORE, _HIGHEST_SCORE, jnp.where(bounded == Kind.START, last - 1, last))
    # Digits before the point: some number within the bounds begins with them.
    written = jnp.where(before == Part.WHOLE, at.whole * 10**digits + value, value)
    begins = (low // 10 <= written) & (written <= high // 10)
    for more in range(1, MAX_WIDTH):
        unit = 10 ** (more + 1)
        begins |= (low // unit <= written) & (written <= high // unit) & (written > 0)
    padded = jnp.where(before == Part.WHOLE, at.whole == 0, (digits > 1) & (value * 10 < 10**digits))
    tenths = jnp.where(part == Part.TENTHS, 10 * at.whole + value, _tenths(at, before))
    complete = (low <= tenths) & (tenths <= high)
    number = jnp.select(
        [part == Part.WHOLE, part == Part.POINT, part == Part.TENTHS, jnp.full(part.shape, before != Part.OUTSIDE)],
        [begins & ~padded, (low // 10 <= at.whole) & (at.whole <= high // 10), complete, complete],
        True,
    )
    unscored, rest = _unscored(at.unscored, before, kind, part), tables["rest"][node]
    counted = jnp.where(rest == Rest.SOME, unscored > 0, jnp.where(rest == Rest.NONE, unscored == 0, True))
    needed = tables["closing"][_width(last // 10) - 1, node]
    needed -= jnp.where(part == Part.WHOLE, _width(written) - 1, 0)
    needed += tables["score_tokens"] * jnp.maximum(unscored + tables["uncounted"][node], 0)
    return (target >= 0) & number & counted & (needed <= remaining)


def follow(of: Constraint, at: Progress, token: Int[Array, " B"]) -> Progress:
    """Returns the states after an allowed token of each row."""
    tables = {name: jnp.asarray(value) for name, value in of.tables.items()}
    return jax.vmap(_follow, (None, 0, 0))(tables, at, token)


def _follow(tables: dict[str, Array], at: Progress, token: Int[Array, ""]) -> Progress:
    """`follow` of one row."""
    chosen = tables["class_of"][token]
    node = jnp.maximum(tables["target"][at.node, chosen], 0)
    digits, value = tables["digits"][chosen], tables["value"][chosen]
    before, part, kind = tables["part"][at.node], tables["part"][node], tables["kind"][node]
    written = jnp.where(before == Part.WHOLE, at.whole * 10**digits + value, value)
    tenths = jnp.where(part == Part.TENTHS, 10 * at.whole + value, _tenths(at, before))
    started = (before != Part.OUTSIDE) & (part == Part.OUTSIDE) & (tables["kind"][at.node] == Kind.START)
    return Progress(
        node,
        jnp.where(part == Part.WHOLE, written, at.whole),
        tenths,
        jnp.where(started, tenths, at.start),
        _unscored(at.unscored, before, kind, part),
    )


def _tenths(at: Progress, part: Int[Array, ""]) -> Int[Array, ""]:
    """The number in progress, in tenths, if it ends here."""
    return jnp.where(part == Part.WHOLE, 10 * at.whole, at.tenths)


def _unscored(
    unscored: Int[Array, ""], before: Int[Array, ""], kind: Int[Array, "*classes"], part: Int[Array, "*classes"]
) -> Int[Array, "*classes"]:
    """Moments without a score after a token: a number counts from its first digit on."""
    begun = (before == Part.OUTSIDE) & (part == Part.WHOLE)
    change = (kind == Kind.MOMENT).astype(jnp.int32) - (kind == Kind.SCORE).astype(jnp.int32)
    return unscored + jnp.where(begun, change, 0)


def _width(number: Int[Array, "*shape"]) -> Int[Array, "*shape"]:
    """Number of digits, at most `MAX_WIDTH`."""
    return 1 + sum((number >= 10**power).astype(jnp.int32) for power in range(1, MAX_WIDTH))

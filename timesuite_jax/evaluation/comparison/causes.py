"""The causes for which two scores differ, as sentences, the most important first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from timesuite_jax.counted import counted
from timesuite_jax.evaluation.comparison.evidence import Evidence
from timesuite_jax.evaluation.comparison.kinds import KINDS, find_kind
from timesuite_jax.evaluation.comparison.result_file import ResultFile
from timesuite_jax.evaluation.comparison.settings import Changes

_LONGEST = 60  # characters of a value in a sentence
_LISTED = 4  # settings, videos or examples in a sentence
_ORDER = [kind.name for kind in KINDS]
# The part of a difference, see `parts.Parts`, that a cause has an effect on.
_PART_OF = {
    **dict.fromkeys(("benchmark", "corpora", "questions", "missing_videos", "dropped_examples"), "questions"),
    **dict.fromkeys(("parser", "scoring", "ground_truth"), "reading"),
}


@dataclass(frozen=True)
class Cause:
    """One cause.

    Attributes:
      name: of its kind, see `kinds.KINDS`.
      sentence: what differs.
      settings: differing settings with both values.
      examples: number of examples that show it, where no setting does.
      part: of the difference, that it has an effect on: "questions", "reading" or "answers".
    """

    name: str
    sentence: str
    settings: Mapping[str, tuple[Any, Any]]
    examples: int
    part: str

    def as_json(self) -> dict[str, Any]:
        """Returns the cause as JSON values."""
        settings = {key: list(values) for key, values in self.settings.items()}
        return {"cause": self.name, "sentence": self.sentence, "settings": settings, "examples": self.examples}


def find_causes(
    a: ResultFile, b: ResultFile, changes: Mapping[str, Changes], evidence: Evidence, parts: Mapping[str, float]
) -> list[Cause]:
    """Returns the causes, ordered by the part of the difference that they have an effect on.

    Args:
      a: a result.
      b: another one.
      changes: differing settings by kind.
      evidence: of the examples.
      parts: of the difference, see `parts.split_difference`.
    """
    names = {*changes, *evidence.unexplained, *evidence.dropped}
    causes = [
        Cause(
            name,
            _sentence(name, a, b, changes.get(name, {}), evidence),
            changes.get(name, {}),
            len(evidence.unexplained.get(name, ())) + sum(evidence.dropped.get(name, ())),
            _PART_OF.get(name, "answers"),
        )
        for name in names
    ]
    return sorted(causes, key=lambda cause: (-abs(parts.get(cause.part, 0.0)), _ORDER.index(cause.name)))


def _sentence(name: str, a: ResultFile, b: ResultFile, changes: Changes, evidence: Evidence) -> str:
    facts = []
    listed = sorted(changes, key=lambda key: key not in ("protocol", "benchmark"))
    facts += [f"{key} is {_shown(changes[key][0])} in A and {_shown(changes[key][1])} in B" for key in listed[:_LISTED]]
    if len(listed) > _LISTED:
        facts.append(f"and {counted(len(listed) - _LISTED, 'more setting')}")
    if ids := evidence.unexplained.get(name):
        facts.append(f"{counted(len(ids), 'question')}, such as {', '.join(ids[:_LISTED])}")
    if name == "missing_videos":
        facts += _missing(a, b)
    if name in evidence.dropped and any(evidence.dropped[name]):
        only_a, only_b = evidence.dropped[name]
        facts.append(f"{counted(only_a, 'question')} only in A, {only_b} only in B")
    if name == "dropped_examples":
        facts += _reasons(a, b)
    facts += _consequences(name, evidence)
    return f"{find_kind(name).sentence}: {'; '.join(facts)}" if facts else find_kind(name).sentence


def _missing(a: ResultFile, b: ResultFile) -> list[str]:
    """What is missing in one of the results only."""
    facts = []
    for title, mine, other in (("A", a.missing_videos, b.missing_videos), ("B", b.missing_videos, a.missing_videos)):
        if names := [name for name in mine if name not in set(other)]:
            more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
            facts.append(f"{title} lacks {counted(len(names), 'video')} ({', '.join(names[:_LISTED])}{more})")
    return facts


def _reasons(a: ResultFile, b: ResultFile) -> list[str]:
    facts = []
    for title, mine, other in (("A", a, b), ("B", b, a)):
        reasons = [f"{id}: {reason}" for id, reason in mine.dropped.items() if id not in other.dropped]
        facts += [f"in {title}, {reasons[0]}"] if reasons else []
    return facts


def _consequences(name: str, evidence: Evidence) -> list[str]:
    """What follows from a cause: frames or prompts of how many questions differ."""
    shown = {"sampling": "frames", "protocol": "frames", "control": "frames", "prompt": "prompts"}.get(name)
    count = evidence.consequences.get(f"{shown}_differ", 0)
    if shown and count and name not in evidence.unexplained:
        return [f"the {shown} of {counted(count, 'question')} differ"]
    return []


def _shown(value: Any) -> str:
    if value is None:
        return "not set"
    text = value if isinstance(value, str) else repr(value)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."

"""What the examples of two results show: which differences the settings explain, and which they do not."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from timesuite_jax.evaluation.comparison.pairs import Pair, Pairing
from timesuite_jax.evaluation.comparison.result_file import ResultFile, StoredExample

# Kinds of settings that explain a difference.
_FRAMES = {"benchmark", "corpora", "protocol", "control", "sampling", "frames", "pixels", "versions", "inputs"}
_PROMPTS = {"benchmark", "corpora", "protocol", "control", "prompt", "frames", "versions", "inputs"}
_ANSWERS = {
    *(
        "benchmark",
        "corpora",
        "protocol",
        "checkpoint",
        "predictions",
        "control",
        "sampling",
        "frames",
        "pixels",
        "prompt",
    ),
    *("versions", "inputs", "decoding", "platform", "settings"),
}
_SCORES = {"benchmark", "corpora", "protocol", "parser", "versions", "control", "settings"}
_TRUTHS = {"benchmark", "corpora", "control"}
_QUESTIONS = {"benchmark", "corpora", "questions"}


@dataclass
class Evidence:
    """Examples by the kind of cause that they show.

    Attributes:
      unexplained: those of causes that no setting contains.
      consequences: number of examples with each kind of difference, explained or not.
      dropped: of the causes by which questions are missing, (only in the first, only in the second result).
    """

    unexplained: dict[str, list[str]] = field(default_factory=dict)
    consequences: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, tuple[int, int]] = field(default_factory=dict)


def collect_evidence(a: ResultFile, b: ResultFile, pairing: Pairing, causes: Collection[str]) -> Evidence:
    """Examines the examples.

    Args:
      a: a result.
      b: another one.
      pairing: their examples.
      causes: kinds of which settings differ.
    """
    found, kinds = Evidence(), set(causes)
    for pair in pairing.pairs:
        for name in _unexplained(pair, kinds):
            found.unexplained.setdefault(name, []).append(pair.a.id)
    tests = {
        "frames_differ": lambda pair: pair.frames_differ,
        "prompts_differ": lambda pair: pair.prompt_differs,
        "answers_differ": lambda pair: pair.answers_differ,
        "scores_differ": lambda pair: pair.scores_differ,
    }
    found.consequences = {name: sum(map(test, pairing.pairs)) for name, test in tests.items()}
    if not (a.examples and b.examples):  # absent examples are unknown
        if set(a.missing_videos) != set(b.missing_videos) and not kinds & _QUESTIONS:
            found.dropped["missing_videos"] = (0, 0)
        return found
    for side, examples, other in ((0, pairing.only_a, b), (1, pairing.only_b, a)):
        for name, count in _why_absent(examples, other, kinds).items():
            counts = found.dropped.get(name, (0, 0))
            found.dropped[name] = (counts[0] + count * (side == 0), counts[1] + count * (side == 1))
    return found


def _unexplained(pair: Pair, kinds: set[str]) -> Sequence[str]:
    """Kinds of causes that a pair shows and no setting explains."""
    names = []
    if pair.frames_differ and not kinds & _FRAMES:
        names.append("frames")
    if pair.prompt_differs and not kinds & _PROMPTS:
        names.append("prompt")
    if pair.truths_differ and not kinds & _TRUTHS:
        names.append("ground_truth")
    other_inputs = pair.frames_differ or pair.prompt_differs
    if pair.answers_differ and not (kinds & _ANSWERS or other_inputs):
        names.append("answers")
    same = not (pair.answers_differ or pair.truths_differ)
    if same and pair.scores_differ and not (kinds & _SCORES or other_inputs):
        names.append("scoring")
    return names


def _why_absent(examples: Sequence[StoredExample], other: ResultFile, kinds: set[str]) -> Mapping[str, int]:
    """Counts, by cause, examples that the other result does not have."""
    missing = set(other.missing_videos)
    counts: dict[str, int] = {}
    for one in examples:
        if one.id in other.dropped:
            name = "missing_videos" if one.group in missing else "dropped_examples"
        elif kinds & _QUESTIONS:
            continue
        else:
            name = "questions"
        counts[name] = counts.get(name, 0) + 1
    return counts

"""The kinds of causes for which two scores differ, and the settings by which each is recognized."""

import fnmatch
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of cause.

    Attributes:
      name: in JSON.
      sentence: what differs, in words.
      keys: patterns of its settings.
    """

    name: str
    sentence: str
    keys: tuple[str, ...] = ()


KINDS = (
    Kind("benchmark", "different benchmarks are scored", ("benchmark", "task")),
    Kind(
        "corpora",
        "the questions come from different corpora or annotation files",
        ("benchmark.corpora", "benchmark.annotations*", "truth_sha256"),
    ),
    Kind("protocol", "the evaluation protocols differ", ("protocol",)),
    Kind("checkpoint", "the weights of the model differ", ("weights*", "step")),
    Kind("predictions", "the files of predictions differ", ("predictions_sha256",)),
    Kind("control", "the control experiments differ", ("benchmark.control",)),
    Kind(
        "sampling",
        "the rule by which frames are sampled differs",
        ("model.inputs.sampling",),
    ),
    Kind(
        "frames",
        "the frames that the model was shown differ",
        ("model.inputs.clips", "model.inputs.clip_frames", "model.inputs.n_visual"),
    ),
    Kind(
        "pixels",
        "frames are resized, cropped or normalized differently",
        ("model.inputs.transform", "model.inputs.size", "model.pixel_*"),
    ),
    Kind(
        "prompt",
        "the prompts differ",
        (
            *("benchmark.question", "benchmark.option", "benchmark.layout", "benchmark.answer_prompt"),
            *(
                "benchmark.subtitles",
                "benchmark.times",
                "model.bos",
                "model.inputs.layout",
                "model.inputs.turns",
                "model.inputs.time_style",
            ),
            *("model.inputs.shorten_time_text", "model.inputs.buckets", "model.inputs.clip_text_*"),
        ),
    ),
    Kind("parser", "answers are read by different rules", ("benchmark.answers", "model.upstream_text")),
    Kind("versions", "versions of the software differ", ("versions.*", "model.decoder", "timesuite_jax")),
    Kind("inputs", "other settings of the model's inputs differ", ("model.inputs.*",)),
    Kind("decoding", "answers are decoded differently", ("model.*",)),
    Kind("platform", "the hardware differs", ("platform",)),
    Kind(
        "questions",
        "different numbers of questions are scored",
        ("examples", "limit", "benchmark.limit", "answered_only"),
    ),
    Kind("settings", "other settings differ", ("*",)),
    # Without settings: recognized by the examples.
    Kind("missing_videos", "videos are missing"),
    Kind("dropped_examples", "questions could not be asked"),
    Kind("ground_truth", "the true answers differ"),
    Kind("answers", "answers differ although nothing that is recorded explains it"),
    Kind("scoring", "the same answers are scored differently although nothing that is recorded explains it"),
)
"""In order of precedence: a setting belongs to the first kind with a pattern that matches."""

IGNORED = ("hash", "predictions", "truth")  # a checksum of all settings; paths
SET_BY_PROTOCOL = (
    *("benchmark.question", "benchmark.option", "benchmark.layout", "benchmark.answer_prompt", "benchmark.times"),
    *(
        "benchmark.subtitles",
        "benchmark.answers",
        "model.upstream_text",
        "model.max_new_tokens",
        "model.bos",
        "model.pixel_*",
    ),
    *(
        "model.answers",
        "model.inputs.layout",
        "model.inputs.sampling",
        "model.inputs.transform",
        "model.inputs.time_style",
    ),
    *("model.inputs.shorten_time_text", "model.inputs.buckets", "model.inputs.clip_text_*", "model.inputs.turns"),
)
"""Settings that a protocol decides: a difference between them is part of a difference between protocols."""


def kind_of(key: str) -> Kind:
    """Returns the kind to which a setting belongs."""
    return next(kind for kind in KINDS if matches(key, kind.keys))


def find_kind(name: str) -> Kind:
    """Returns the kind of a name."""
    return next(kind for kind in KINDS if kind.name == name)


def matches(key: str, patterns: tuple[str, ...]) -> bool:
    """Whether a setting matches one of the patterns."""
    return any(fnmatch.fnmatchcase(key, pattern) for pattern in patterns)

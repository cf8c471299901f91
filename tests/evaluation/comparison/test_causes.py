"""Pairs of results that differ in one thing: it is the cause that is named, and the only one."""

import copy

import numpy as np
import pytest

from tests.support.result_files import Change, answer_again, result, write
from timesuite_jax.evaluation.comparison import compare, read_result


def setting(key: str, value) -> Change:
    """Changes a setting ("model.inputs/sampling" is within another), and with it half of the answers."""

    def change(content, rng):
        *parents, last = key.split("/")
        inner = content["settings"]
        for name in parents:
            inner = inner[name]
        inner[last] = value
        answer_again(content, rng)

    return change


def shown(key: str, value) -> Change:
    """Changes what the model was shown for some questions, and their answers."""

    def change(content, rng):
        for one in content["examples"][: int(rng.integers(1, 9))]:
            one["input"][key] = value
            one["prediction"]["answer"] += " and more"

    return change


def both(first: Change, second: Change) -> Change:
    def change(content, rng):
        first(content, rng)
        second(content, rng)

    return change


def sampled(content, rng):
    del content["settings"]["model.decoding"]
    content["settings"] |= {"model.temperature": 0.7, "model.top_p": 0.9, "model.seed": 1}
    answer_again(content, rng)


def other_parser(content, rng):
    content["settings"]["benchmark.answers"] = "original"
    for one in content["examples"]:  # the same answers, read otherwise
        if rng.random() < 0.5:
            one["scores"] |= {"miou": 0.0, "r1_iou_0.5": 0.0}


def paper(content, rng):
    settings = content["settings"]
    settings |= {"protocol": "paper", "benchmark.question": "?", "benchmark.answers": "original"}
    settings |= {
        "model.max_new_tokens": 512,
        "model.upstream_text": True,
        "model.answers": "free",
        "model.pixel_mean": [0.4, 0.4, 0.4],
    }
    settings["model.inputs"] |= {"layout": "evaluation", "sampling": "upstream_evaluation", "buckets": [2048]}
    for one in content["examples"]:
        one["input"] |= {"question": "?", "frame_times": [0.5, 2.5], "pixels": "cc", "tokens": "dd"}
    answer_again(content, rng)


def without_videos(content, rng):
    lost = {f"V{number}" for number in rng.choice(8, int(rng.integers(1, 5)), replace=False)}
    content["names_of_missing_videos"] = sorted(lost)
    for one in content["examples"]:
        if one["group"] in lost:
            content["dropped_examples"][one["id"]] = "does not exist"
    content["examples"] = [one for one in content["examples"] if one["group"] not in lost]


def damaged_video(content, rng):
    lost = content["examples"].pop(int(rng.integers(24)))
    content["dropped_examples"][lost["id"]] = "its video does not decode"


def limited(content, rng):
    count = int(rng.integers(2, 20))
    content["settings"]["limit"] = count
    content["examples"] = content["examples"][:count]


def other_corpus(content, rng):
    content["settings"]["benchmark.annotations"] = {"test.txt": "b" * 64}
    content["settings"]["examples"] = 20
    content["examples"] = content["examples"][:20]
    for one in content["examples"][::2]:  # other questions under the same numbers
        one["prediction"] |= {"question": "something else", "answer": "3 - 4", "truth": [[7.0, 8.0]]}
        one["input"] |= {"question": "something else", "frame_times": [9.0], "pixels": "ee", "tokens": "ff"}


def flipped(content, rng):
    for one in content["examples"][: int(rng.integers(1, 9))]:
        one["prediction"]["answer"] = "9 - 10"
        one["scores"]["miou"] = 0.0


def other_truth(content, rng):
    content["examples"][int(rng.integers(24))]["prediction"]["truth"] = [[2.0, 3.0]]


def scored_otherwise(content, rng):
    content["examples"][int(rng.integers(24))]["scores"]["miou"] = 2.0


PAIRS: list[tuple[str, Change]] = [
    ("prompt", setting("benchmark.question", "At what time does {query} happen?")),
    ("prompt", setting("model.inputs/layout", "evaluation")),
    ("prompt", setting("model.bos", "ones")),
    ("prompt", both(setting("model.inputs/layout", "evaluation"), shown("tokens", "zz"))),
    ("prompt", shown("tokens", "zz")),
    ("prompt", shown("question", "When?")),
    ("frames", shown("frame_times", [1.0, 2.0])),
    ("frames", shown("pixels", "zz")),
    ("frames", both(setting("model.inputs/clips", 4), shown("frame_times", [1.0, 2.0, 3.0, 4.0]))),
    ("sampling", setting("model.inputs/sampling", "upstream_evaluation")),
    ("sampling", both(setting("model.inputs/sampling", "fps"), shown("frame_times", [0.5]))),
    ("pixels", both(setting("model.inputs/transform", "upstream"), shown("pixels", "zz"))),
    ("pixels", setting("model.pixel_mean", [0.4, 0.4, 0.4])),
    ("decoding", setting("model.max_new_tokens", 8)),
    ("decoding", sampled),
    ("decoding", setting("model.answers", "free")),
    ("parser", other_parser),
    ("protocol", paper),
    ("missing_videos", without_videos),
    ("dropped_examples", damaged_video),
    ("checkpoint", setting("weights", "4567")),
    ("checkpoint", lambda content, rng: content["settings"].update(weights="4567")),  # no answer differs
    ("answers", flipped),
    ("corpora", other_corpus),
    ("corpora", setting("benchmark.corpora", [["videos", 12, ["aa"]]])),
    ("questions", limited),
    ("versions", setting("versions/jax", "0.12.0")),
    ("versions", both(setting("model.decoder", "PyAV 19.0"), shown("pixels", "zz"))),
    ("platform", setting("platform", "gpu")),
    ("control", both(setting("benchmark.control", "foreign_frames"), shown("pixels", "zz"))),
    ("inputs", setting("model.inputs/deadline_s", 1.0)),
    ("settings", setting("something", 1)),
    ("ground_truth", other_truth),
    ("scoring", scored_otherwise),
]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("cause", "change"), PAIRS, ids=[f"{n}-{name}" for n, (name, _) in enumerate(PAIRS)])
def test_the_cause_is_named_and_no_other(tmp_path, cause, change, seed):
    plain, changed = result(seed), copy.deepcopy(result(seed))
    change(changed, np.random.default_rng(seed))
    a, b = read_result(write(plain, tmp_path / "a.json")), read_result(write(changed, tmp_path / "b.json"))
    for first, second in ((a, b), (b, a)):
        found = compare(first, second)
        assert [each.name for each in found.causes] == [cause], found.causes
        assert found.not_recorded == ([], [])
        if found.parts:
            total = found.metrics["miou"].b - found.metrics["miou"].a
            assert sum(found.parts.values()) == pytest.approx(total, abs=1e-12)


def test_equal_results_have_no_cause(tmp_path):
    a, b = (read_result(write(result(0), tmp_path / f"{name}.json")) for name in "ab")
    found = compare(a, b)
    assert not found.causes and not found.changed and found.metrics["miou"].paired.p_value == 1.0


def test_the_cause_of_the_larger_part_comes_first(tmp_path):
    """Missing videos change the mean by much, another parser by little; and the other way round."""
    for small, large in (("parser", "missing_videos"), ("missing_videos", "parser")):
        plain = result(0)
        for number, one in enumerate(plain["examples"]):
            one["scores"]["miou"] = 0.1 if number < 12 else 0.9
        changed = copy.deepcopy(plain)
        changed["settings"]["benchmark.answers"] = "original"
        changed["examples"][-1]["scores"]["miou"] = 0.8 if small == "parser" else -20.0
        for one in changed["examples"][:12]:
            changed["dropped_examples"][one["id"]] = "does not exist"
        changed["names_of_missing_videos"] = sorted({one["group"] for one in changed["examples"][:12]})
        changed["examples"] = changed["examples"][12:]
        found = compare(*(read_result(write(each, tmp_path / "r.json")) for each in (plain, changed)))
        assert [each.name for each in found.causes] == [large, small]


def test_flips_that_only_some_inputs_explain(tmp_path):
    """Two videos were replaced; one more answer differs, which their frames do not explain."""
    plain, changed = result(1), result(1)
    for one in changed["examples"][:6]:
        one["input"]["pixels"] = "zz"
    for one in changed["examples"][:7]:
        one["prediction"]["answer"] = "9 - 10"
    found = compare(*(read_result(write(each, tmp_path / "r.json")) for each in (plain, changed)))
    assert {each.name: each.examples for each in found.causes} == {"frames": 6, "answers": 1}

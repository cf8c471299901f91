"""Conversation texts, token ids and label masks equal upstream's."""

import dataclasses
import json
import random
from pathlib import Path

import numpy as np
import pytest

from tests.support.golden_model import seconds_of_text, turns_of_text
from timesuite_jax.text import (
    EVALUATION,
    TRAINING,
    Conversation,
    Turn,
    clip_time_texts,
    encode_clip_texts,
    encode_conversation,
    load_clip_tokenizer,
    load_tokenizer,
    render,
    shuffled,
    video_time_text,
)
from timesuite_jax.videochat_t.data.token_row import lay_out


@pytest.fixture
def family(goldens: Path) -> Path:
    folder = goldens / "videochat_t"
    if not folder.is_dir():
        pytest.skip(f"no family videochat_t under {goldens}")
    return folder


@pytest.fixture(params=["tokenizer.json", "tokenizer.model"])
def tokenizer(family, request):
    return load_tokenizer(family / "tokenizers" / "mistral" / request.param)


@pytest.fixture
def models(family) -> list[Path]:
    """All model folders."""
    folders = sorted(path.parent for path in family.glob("*/cases.json"))
    if not folders:
        pytest.skip(f"no model with cases.json under {family}")
    return folders


def read(path: Path):
    return json.loads(path.read_text(encoding="utf-8"))


def turns_of(record: dict) -> list[Turn]:
    return [Turn(turn["q"], turn["a"], turn.get("i", "")) for turn in record["QA"]]


def test_training_texts_and_ids(family, tokenizer):
    golden = read(family / "conversations.json")
    variants = [(record["record"], variant) for record in golden["records"] for variant in record["variants"]]
    assert variants
    for record, variant in variants:
        turns = turns_of(record)
        if variant["random_shuffle"]:
            turns = shuffled(turns, random.Random(variant["py_random_seed"]))
        layout = dataclasses.replace(TRAINING, system=variant["system"])
        media = variant.get("start_token", "<Video>").strip("<>")
        before, after, _ = render(turns, layout=layout, times=golden["msgs"][variant["msg"]], media=media)
        assert before + after == variant["conversation"]
        if variant.get("mistral_ids"):
            assert tokenizer.encode(variant["conversation"]) == variant["mistral_ids"]


def upstream_mask(tokenizer, after: str) -> np.ndarray:
    """Computes the mask as upstream's `forward`, from the lengths of separately tokenized pieces of text."""
    pieces = after.split(" [/INST] ")
    pieces = [piece + " [/INST] " for piece in pieces[:-1]] + pieces[-1:]

    def length(text: str) -> int:
        return len(tokenizer.encode(text))

    mask = np.ones(length(after), bool)
    cursor = length(pieces[0].rstrip())
    mask[:cursor] = False
    for piece in pieces[1:-1]:
        answer, total = length(piece.split("[INST] ")[0].rstrip()), length(piece.rstrip())
        mask[cursor + answer : cursor + total] = False
        cursor += total
    assert cursor + length(pieces[-1].rstrip()) == len(mask)
    return mask


def test_answer_masks(family, tokenizer):
    golden = read(family / "conversations.json")
    for record in golden["records"]:
        for times in golden["msgs"].values():
            turns = turns_of(record["record"])
            conversation = encode_conversation(tokenizer, turns, times=times)
            _, after, _ = render(turns, times=times)
            np.testing.assert_array_equal(conversation.answer_mask, upstream_mask(tokenizer, after))


def test_ids_and_labels_of_model_cases(models, tokenizer):
    for model in models:
        cases = read(model / "cases.json")
        for group in ("conversations", "conversations_notime", "image_conversations"):
            for case in cases[group]:
                media = "Image" if "<Image>" in case["text"] else "Video"
                times = video_time_text(seconds_of_text(case["text"]))
                conversation = encode_conversation(tokenizer, turns_of_text(case["text"]), times=times, media=media)
                assert list(conversation.before_ids) == case["p_before_ids"]
                assert list(conversation.after_ids) == case["p_after_ids"]
        forward = model / "forward.npz"
        if forward.is_file():
            check_labels(model, cases, np.load(forward), tokenizer)


def check_labels(model: Path, cases: dict, forward, tokenizer):
    n_visual = read(model / "config.json")["derived"]["llm_video_tokens"]
    for row, case in enumerate(cases["conversations"]):
        times = video_time_text(seconds_of_text(case["text"]))
        conversation = encode_conversation(tokenizer, turns_of_text(case["text"]), times=times)
        labels = forward["main.labels"][row]
        laid_out = lay_out(conversation, n_visual=n_visual, length=len(labels), special=tokenizer.special)
        np.testing.assert_array_equal(np.where(laid_out.loss_mask, laid_out.tokens, -100), labels)


def test_evaluation_prompts(models, tokenizer):
    for model in models:
        for case in read(model / "generate.json"):
            turns, times = [Turn(case["question"])], video_time_text(seconds_of_text(case["msg"]))
            before, after, _ = render(turns, layout=EVALUATION, times=times)
            assert [before, after] == case["prompt_segments"]
            conversation = encode_conversation(tokenizer, turns, layout=EVALUATION, times=times)
            assert [tokenizer.special.bos, *conversation.before_ids] == case["segment_ids"][0]
            assert list(conversation.after_ids) == case["segment_ids"][1]


@pytest.mark.parametrize("name", ["vocab.txt", "tokenizer_with_dec.json"])
def test_clip_texts(family, models, name):
    tokenizer = load_clip_tokenizer(family / "tokenizers" / "bert" / name)
    for model in models:
        cases, derived = read(model / "cases.json"), read(model / "config.json")["derived"]
        for texts, sources in (
            ("time_instructions", "conversations"),
            ("time_instructions_notime", "conversations_notime"),
        ):
            rendered = []
            for case in cases[sources]:
                seconds = seconds_of_text(case["text"])
                rendered += clip_time_texts(seconds, clips=derived["clip_num"], clip_frames=derived["clip_frames"])
            assert rendered == cases[texts]
        encoded = [
            ("time_instructions", "time_instruction_ids"),
            ("time_instructions_notime", "time_instruction_ids_notime"),
            ("qformer_texts", "qformer_text_ids"),
            ("image_instructions", "image_instruction_ids"),
        ]
        for texts, ids in encoded:
            assert cases["bert_padding_side"] == "left"
            clip_text = encode_clip_texts(tokenizer, cases[texts], 64, "left_per_video")
            longest = max(map(len, cases[ids]))
            for row, expected in enumerate(cases[ids]):
                start = longest - len(expected)
                assert clip_text.ids[row, start:longest].tolist() == expected
                assert np.flatnonzero(clip_text.mask[row]).tolist() == list(range(start, longest))
        cut = encode_clip_texts(tokenizer, cases["time_instructions"][:1], len(cases["bert_truncation_left_max16"]))
        assert cut.ids[0].tolist() == cases["bert_truncation_left_max16"]


def truncate_like_upstream(conversation: Conversation, max_text: int) -> Conversation:
    """Truncates on the right, including answers, to `max_text` tokens with BOS (upstream's `max_txt_len`)."""
    keep = max(0, min(conversation.n_text, max_text - 1) - len(conversation.before_ids))
    return Conversation(
        conversation.before_ids,
        conversation.after_ids[:keep],
        conversation.answer_mask[:keep],
        conversation.segments[:keep],
    )


def test_truncation(models, tokenizer):
    for model in models:
        forward = model / "forward.npz"
        if not forward.is_file() or "trunc.labels" not in np.load(forward):
            continue
        cases, labels = read(model / "cases.json"), np.load(forward)["trunc.labels"]
        n_visual = read(model / "config.json")["derived"]["llm_video_tokens"]
        for row, case in enumerate(cases["conversations"]):
            times = video_time_text(seconds_of_text(case["text"]))
            conversation = encode_conversation(tokenizer, turns_of_text(case["text"]), times=times)
            cut = truncate_like_upstream(conversation, cases["trunc_max_txt_len"])
            row_arrays = lay_out(cut, n_visual=n_visual, length=labels.shape[1], special=tokenizer.special)
            np.testing.assert_array_equal(np.where(row_arrays.loss_mask, row_arrays.tokens, -100), labels[row])

"""Texts, ids, labels and parsed answers equal those of upstream's functions, for random conversations and answers."""

import json
import random
from pathlib import Path

import numpy as np
import pytest

from tests.support.recorded import recorded
from timesuite_jax.text import (
    EVALUATION,
    Tokenizer,
    Turn,
    encode_conversation,
    load_tokenizer,
    render,
    shuffled,
    video_time_text,
)
from timesuite_jax.text.upstream_answers import (
    Outcome,
    upstream_captions,
    upstream_grounding,
    upstream_highlight_rewrite,
    upstream_highlight_scores,
    upstream_highlights,
)
from timesuite_jax.videochat_t.answering.answer_text import upstream_answer_text
from timesuite_jax.videochat_t.data.token_row import lay_out

VISUAL, IGNORED = -7, -100  # in the recorded ids and labels
PARSERS = {
    "tvg": upstream_grounding,
    "vhd": upstream_highlights,
    "vhd_scores_37.7": lambda text: upstream_highlight_scores(text, 37.7),
    "vhd_post": upstream_highlight_rewrite,
    "dvc": upstream_captions,
}


@pytest.fixture(params=["tokenizer.json", "tokenizer.model"])
def tokenizer(goldens: Path, request) -> Tokenizer:
    folder = goldens / "videochat_t" / "tokenizers" / "mistral"
    if not folder.is_dir():
        pytest.skip(f"no tokenizer in {folder}")
    return load_tokenizer(folder / request.param)


def test_answer_texts(goldens: Path, tokenizer: Tokenizer):
    for case in recorded(goldens, "answer_text")["cases"]:
        assert upstream_answer_text(tokenizer, case["ids"]) == case["text"], case


def test_conversations(goldens: Path, tokenizer: Tokenizer):
    for case in recorded(goldens, "conversations")["cases"]:
        media = "Image" if case["image"] else "Video"
        for row, ids, labels, mask in zip(case["rows"], case["ids"], case["labels"], case["mask"], strict=True):
            turns = [Turn(turn["q"], turn["a"], turn.get("i", "")) for turn in row["qa"]]
            # Upstream reads the instruction before it shuffles.
            if case["shuffle"]:
                turns = shuffled(turns, random.Random(row["seed"]))
            times = video_time_text([float(second) for second in row["sec"]])
            before, after, _ = render(turns, times=times, media=media, strict=False)
            assert before + after == row["text"]
            check_row(
                encode_conversation(tokenizer, turns, times=times, media=media, strict=False),
                case,
                ids,
                labels,
                mask,
                tokenizer,
            )


def check_row(conversation, case: dict, ids: list[int], labels: list[int], mask: list[int], tokenizer: Tokenizer):
    """Compares a row, which upstream truncates on the right."""
    n_visual, real = case["n_visual"], sum(mask)
    row = lay_out(
        conversation,
        n_visual=n_visual,
        length=max(len(ids), 1 + n_visual + conversation.n_text),
        special=tokenizer.special,
    )
    shown = np.where(row.visual_slot >= 0, VISUAL, row.tokens)
    assert shown[:real].tolist() == ids[:real]
    assert np.where(row.loss_mask, row.tokens, IGNORED)[:real].tolist() == labels[:real]
    assert set(labels[real:]) <= {IGNORED}
    assert real == min(int(row.valid.sum()), case["max_txt_len"] + n_visual)


def test_evaluation_prompts(goldens: Path, tokenizer: Tokenizer):
    for case in recorded(goldens, "conversations")["eval"]:
        turns, times = [Turn(case["question"])], video_time_text([float(second) for second in case["sec"]])
        options = {"layout": EVALUATION, "times": times, "answer_prompt": case["answer_prompt"] or "", "strict": False}
        before, after, _ = render(turns, **options)
        assert before + "<VideoHere>" + after == case["prompt"]
        conversation = encode_conversation(tokenizer, turns, **options)
        assert [[tokenizer.special.bos, *conversation.before_ids], list(conversation.after_ids)] == case["ids"]


def test_parsed_answers(goldens: Path):
    cases = recorded(goldens, "answers")["cases"]
    for case in cases:
        for name, parse in PARSERS.items():
            assert as_json(parse(case["text"])) == case[name], (name, case["text"])


def as_json(outcome: Outcome) -> dict:
    return json.loads(json.dumps({"value": outcome.value, "error": outcome.error, "debugger": outcome.debugger}))

"""Tokens equal those of Stanford's PTBTokenizer as pycocoevalcap runs it."""

from tests.support.caption_goldens import read_caption_golden
from timesuite_jax.metrics.captions.ptb import ptb_tokenize


def test_real_captions(goldens):
    """All in one call, as they were recorded: a line may depend on the next one."""
    items = [item for item in read_caption_golden(goldens, "ptb_tokens.json")["items"] if item.get("video")]
    assert len(items) > 1000
    tokens = ptb_tokenize([item["text"] for item in items], protocol="paper")
    assert tokens == [item["tokens"] for item in items]


def test_odd_strings(goldens):
    """One call each, as they were recorded."""
    items = [item for item in read_caption_golden(goldens, "ptb_tokens.json")["items"] if not item.get("video")]
    assert len(items) > 100
    wrong = [item["text"] for item in items if ptb_tokenize([item["text"]], protocol="paper") != [item["tokens"]]]
    assert not wrong


def test_line_breaks_shift_later_captions(goldens):
    batches = read_caption_golden(goldens, "ptb_tokens.json")["batches"]
    assert batches
    for batch in batches:
        assert ptb_tokenize(batch["texts"], protocol="paper") == batch["result"]

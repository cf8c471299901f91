"""Vocabularies as other libraries read them: lines, added tokens, and what cannot be read unambiguously."""

import json
import shutil
from pathlib import Path

import pytest

from tests.support.paths import GOLDENS
from timesuite_jax.errors import UserError
from timesuite_jax.text import build_word_tokenizer, load_clip_tokenizer, load_tokenizer

TOKENIZERS = GOLDENS / "videochat_t" / "tokenizers"
# Characters at which `str.splitlines` splits, and neighbours at which nothing does.
SEPARATORS = ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\xa0", "\u3000", "\u200b", "\t"]


@pytest.fixture
def pieces() -> list[str]:
    return (TOKENIZERS / "bert" / "vocab.txt").read_text(encoding="utf-8").split("\n")[:-1]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False], ids=["ended", "open"])
def test_ids_are_line_numbers(tmp_path, pieces, end, last):
    """Whatever characters the pieces are made of."""
    pieces = [*pieces[:5], *SEPARATORS, *(f"##{character}" for character in SEPARATORS), *pieces[5:]]
    (tmp_path / "vocab.txt").write_bytes((end.join(pieces) + (end if last else "")).encode())
    tokenizer = load_clip_tokenizer(tmp_path)
    assert [tokenizer.token_id(piece) for piece in pieces] == list(range(len(pieces)))
    assert tokenizer.token_id("[DEC]") == len(pieces) and tokenizer.vocab_size == len(pieces) + 1
    text = "The 1-th video clip contains 8 frames sampled at 12.3 seconds."
    shift = 2 * len(SEPARATORS)
    original = load_clip_tokenizer(TOKENIZERS / "bert" / "vocab.txt").encode(text)
    assert tokenizer.encode(text) == [index + shift if index >= 5 else index for index in original]


def test_byte_order_mark_is_not_part_of_the_first_piece(tmp_path, pieces):
    (tmp_path / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8-sig")
    assert load_clip_tokenizer(tmp_path).special.pad == pieces.index("[PAD]")


def test_repeated_piece_is_rejected(tmp_path, pieces):
    (tmp_path / "vocab.txt").write_text("\n".join([*pieces, pieces[7]]))
    with pytest.raises(UserError, match=rf"piece {pieces[7]!r} in lines 8 and {len(pieces) + 1}.*original"):
        load_clip_tokenizer(tmp_path)


@pytest.fixture(params=["tokenizer.model", "tokenizer.json"])
def folder(request, tmp_path: Path) -> Path:
    """A folder with one of the two forms of a tokenizer with 640 pieces, to which files are added."""
    shutil.copy(TOKENIZERS / "mistral" / request.param, tmp_path)
    return tmp_path


def write(folder: Path, name: str, value: object) -> None:
    (folder / name).write_text(json.dumps(value), encoding="utf-8")


def check_added(folder: Path, special: bool) -> None:
    tokenizer, plain = load_tokenizer(folder), load_tokenizer(TOKENIZERS / "mistral")
    assert (tokenizer.token_id("<time>"), tokenizer.token_id("<time_1>")) == (640, 641)
    assert tokenizer.vocab_size == 642
    before, after = plain.encode("a happens "), plain.encode(" then")
    assert tokenizer.encode("a happens <time_1> then") == [*before, 641, *after]
    text = tokenizer.decode([*before, 640, *after])
    assert ("<time>" in text) == (not special)
    assert "<time>" in tokenizer.decode([*before, 640, *after], keep_special=True)
    assert tokenizer.special == plain.special


def test_added_tokens_of_older_files(folder):
    write(folder, "added_tokens.json", {"<time_1>": 641, "<time>": 640})
    check_added(folder, special=False)
    load_tokenizer(next(file for file in folder.iterdir() if file.stem == "tokenizer"))  # a file, not its folder


def test_added_tokens_of_newer_files(folder):
    entries = {"640": {"content": "<time>", "special": True}, "641": {"content": "<time_1>", "special": False}}
    write(
        folder, "tokenizer_config.json", {"added_tokens_decoder": {"1": {"content": "<s>", "special": True}, **entries}}
    )
    check_added(folder, special=True)


def test_added_tokens_listed_as_special(folder):
    write(folder, "added_tokens.json", {"<time>": 640, "<time_1>": 641})
    write(
        folder, "special_tokens_map.json", {"additional_special_tokens": ["<time>"], "eos_token": {"content": "</s>"}}
    )
    check_added(folder, special=True)


def test_added_padding_token_is_used(folder):
    write(folder, "added_tokens.json", {"<pad>": 640})
    assert load_tokenizer(folder).special.pad == 640


def test_added_tokens_of_a_bert_vocabulary(tmp_path, pieces):
    shutil.copy(TOKENIZERS / "bert" / "vocab.txt", tmp_path)
    write(tmp_path, "added_tokens.json", {"[DEC]": len(pieces), "<time>": len(pieces) + 1})
    tokenizer = load_clip_tokenizer(tmp_path)
    assert tokenizer.encode("a <time> b")[1] == len(pieces) + 1
    assert tokenizer.token_id("[DEC]") == len(pieces) and tokenizer.vocab_size == len(pieces) + 2


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"added_tokens.json": {"<time>": 5}}, r"<time>.* id 5"),
        ({"added_tokens.json": {"<time>": "640"}}, "id of '<time>' is '640', not an int"),
        ({"added_tokens.json": ["<time>"]}, "contains a list, not a JSON object"),
        (
            {
                "added_tokens.json": {"<time>": 640},
                "tokenizer_config.json": {"added_tokens_decoder": {"641": {"content": "<time>"}}},
            },
            "'<time>' has id 641, but elsewhere .* has id 640",
        ),
        (
            {
                "added_tokens.json": {"<time>": 640},
                "tokenizer_config.json": {"added_tokens_decoder": {"640": {"content": "<pad>"}}},
            },
            "'<pad>' has id 640, but elsewhere .*id 640 is '<time>'",
        ),
        ({"tokenizer_config.json": {"added_tokens_decoder": {"a": "b"}}}, "not a mapping from ids to tokens"),
    ],
)
def test_contradictory_files_are_rejected(folder, files, message):
    for name, value in files.items():
        write(folder, name, value)
    with pytest.raises(UserError, match=message):
        load_tokenizer(folder)


def test_word_tokenizer_has_no_files_beside_it(tmp_path):
    assert load_tokenizer(build_word_tokenizer(["a b"], tmp_path)).token_id("<time>") is None

"""Reads BERT's `vocab.txt`: the id of a piece is the number of its line.

Lines end in "\\n" or "\\r\\n" and nowhere else. `str.splitlines` also splits at U+2028, U+0085, a form feed and other
characters that occur in vocabularies as pieces, which shifts the ids of all pieces after them.
"""

from collections import Counter

import tokenizers
from etils import epath

from timesuite_jax.errors import UserError

_SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def read_vocabulary(file: epath.Path) -> dict[str, int]:
    """Reads the pieces of a `vocab.txt` with their ids.

    Raises:
      UserError: the file is not readable as UTF-8, or a piece is in it twice, so that its id is ambiguous.
    """
    try:
        text = file.read_bytes().decode("utf-8-sig")  # editors on Windows write a byte order mark
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file} is not a readable vocab.txt ({error}); give the original file") from error
    lines = text.split("\n")
    if lines[-1] == "":  # after the last line's end
        del lines[-1]
    pieces = [line.removesuffix("\r") for line in lines]
    repeated = [piece for piece, count in Counter(pieces).items() if count > 1 and piece]
    if repeated:
        first, second = (number + 1 for number in [i for i, piece in enumerate(pieces) if piece == repeated[0]][:2])
        raise UserError(
            f"{file} has the piece {repeated[0]!r} in lines {first} and {second}, and its id is the number of its "
            "line; give the original file"
        )
    return {piece: number for number, piece in enumerate(pieces)}


def bert_tokenizer(file: epath.Path) -> tokenizers.Tokenizer:
    """Builds the lower-casing WordPiece tokenizer of a `vocab.txt`.

    Raises:
      UserError: as `read_vocabulary`.
    """
    vocabulary = read_vocabulary(file)
    backend = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocabulary, unk_token="[UNK]"))
    backend.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    backend.decoder = tokenizers.decoders.WordPiece()
    backend.add_special_tokens([name for name in _SPECIAL_TOKENS if name in vocabulary])
    return backend

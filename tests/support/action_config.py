"""The small config of a classifier."""

from pathlib import Path
from typing import Any

from ml_collections import ConfigDict

from tests.support.paths import CONFIGS
from timesuite_jax.cli._configs import load_config


def small_config(corpus: Path, name: str = "finetune_1b", **model: Any) -> dict[str, Any]:
    """`configs/internvideo2/<name>.py:debug` on a corpus, with fields of the model replaced."""
    config: ConfigDict = load_config(f"{CONFIGS}/internvideo2/{name}.py:debug")
    config.data.update(corpora=(str(corpus),), batch_size=8)
    config.evaluation.update(corpora=(str(corpus),))
    config.model.update(model)
    return config.to_dict()

"""The classes of a head: how many there are, and what they are called."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from timesuite_jax.data.corpora.corpus_shares import corpus_folders, missing_corpora
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.data import check_classes, classes_of

if TYPE_CHECKING:
    from timesuite_jax.internvideo2.action.config import ActionConfig


def with_classes(config: "ActionConfig") -> "ActionConfig":
    """The config with the names of its classes, if its corpora have any, and their number.

    A run keeps them, so that it can be used where its corpora are not. Corpora that do not exist are not an error here,
    see `Task.check_inputs`.

    Raises:
      UserError: if corpora have other classes than the config or than each other, or the number is unknown or wrong.
    """
    classes, model = config.classes, config.model
    for corpora in (config.data.corpora, config.evaluation.corpora):
        found = _existing_classes(corpora)
        if classes and found:
            check_classes(found, classes, "the model")
        classes = classes or found
    count = model.num_classes or len(classes)
    if not count:
        raise UserError(
            "the number of classes is unknown: the corpora do not exist or have no names of classes; set "
            "model.num_classes, or build the corpora with names"
        )
    if classes and len(classes) != count:
        raise UserError(
            f"model.num_classes={count}, but the corpora have the names of {len(classes)} classes; set it to that "
            "number, or leave it out"
        )
    return dataclasses.replace(config, classes=classes, model=dataclasses.replace(model, num_classes=count))


def _existing_classes(corpora: Sequence[str]) -> tuple[str, ...]:
    folders = corpus_folders(corpora)
    return classes_of([folder for folder in folders if not missing_corpora([folder])])

"""Predicted saliency of clips: the form of QVHighlights' submissions, which the original uses, too."""

from collections.abc import Mapping
from pathlib import Path

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.prediction_files.json_content import read_json_content


def read_saliency(path: Path) -> dict[str, list[float]]:
    """Returns the scores of the clips of 2 s of each query, by query id.

    Raises:
      UserError: the file is no list of `{"qid", "pred_saliency_scores"}`, or a query occurs twice.
    """
    content = read_json_content(path)
    rows = [content] if isinstance(content, Mapping) and "qid" in content else content
    found: dict[str, list[float]] = {}
    try:
        for row in rows:
            id, scores = str(row["qid"]), [float(score) for score in row["pred_saliency_scores"]]
            if id in found:
                raise UserError(f"query {id} has two predictions in {path}; keep one")
            found[id] = scores
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise UserError(
            f'{path} is no list of {{"qid", "pred_saliency_scores"}}; give one score for each clip of 2 s'
        ) from error
    return found

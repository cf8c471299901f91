"""`timesuite evaluate` of a grounding head: a table of scores, and a submission."""

import functools
from collections.abc import Callable, Sequence

from etils import epath

from timesuite_jax.checkpoints.fingerprint import fingerprint
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.job import EvaluationJob, EvaluationReport, Progress
from timesuite_jax.evaluation.report import print_result
from timesuite_jax.evaluation.result import Result
from timesuite_jax.internvideo2.grounding.moment_query import MomentQuery
from timesuite_jax.internvideo2.grounding.predict import MomentPrediction
from timesuite_jax.internvideo2.grounding.scores import WORDS_CUT, moment_scores, words_cut
from timesuite_jax.json_text import to_json
from timesuite_jax.param_tree import Params
from timesuite_jax.storage.atomic_write import replace_text
from timesuite_jax.storage.write_errors import explain_write_errors

Predict = Callable[[Params, Sequence[MomentQuery], Progress], list[MomentPrediction]]


def moment_job(queries: Sequence[MomentQuery], predict: Predict, submission: epath.Path | None) -> EvaluationJob:
    """Predicts the moments of queries and scores those whose windows are known.

    Without any, as in a test split, there are no scores, and a submission is all there is.

    Args:
      queries: to predict.
      predict: from parameters, queries and a callback for progress.
      submission: file for predictions in the form of QVHighlights; None for no file.

    Raises:
      UserError: there is nothing to score, and no file to write.
    """
    scorable = any(query.windows for query in queries)
    if submission is None and not scorable:
        raise UserError(
            f"none of the {len(queries)} queries has relevant_windows to score against; give annotated queries, or "
            "--predictions for a file of predictions"
        )

    def run(params: Params, on_progress: Progress) -> EvaluationReport:
        predictions = predict(params, queries, on_progress)
        files = [] if submission is None else [functools.partial(write_submission, predictions, submission)]
        if not scorable:
            cut = words_cut(predictions)
            counts = {"n": 0.0, "queries_without_windows": len(predictions), WORDS_CUT: cut}
            message = f"{len(predictions)} queries are predicted; none has relevant_windows to score against"
            return EvaluationReport(counts, functools.partial(print, message), files)
        scores = moment_scores(predictions)
        scored = {str(each.query.qid): each for each in predictions if each.query.windows}
        result = Result(scored, [], scores, {"weights": fingerprint(params)})
        title = "moment retrieval and highlight detection"
        return EvaluationReport(result.as_json(), functools.partial(print_result, result, title), files)

    return EvaluationJob("finding moments", len(queries), run)


def write_submission(predictions: Sequence[MomentPrediction], path: epath.Path) -> None:
    """Writes a JSON object a line, as QVHighlights' evaluation server reads them.

    Raises:
      UserError: the file cannot be written.
    """
    with explain_write_errors(path):
        replace_text(path, "".join(to_json(prediction.submission()) + "\n" for prediction in predictions))

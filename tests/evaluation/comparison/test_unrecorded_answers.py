"""Results of tasks that keep no answers, such as scored dense captions: other scores come from other answers."""

from tests.support.result_files import result, write
from timesuite_jax.evaluation.comparison import compare, read_result
from timesuite_jax.evaluation.comparison.pairs import Pair
from timesuite_jax.evaluation.comparison.result_file import StoredExample


def test_other_scores_without_answers_are_of_other_answers():
    a, b = (StoredExample("1", "V", {"soda_c": score}, {"answer": None}, None) for score in (0.25, 0.5))
    assert Pair(a, b).answers_differ and not Pair(a, a).answers_differ


def test_unrecorded_answers_are_listed(tmp_path):
    content = result(0)
    recorded = read_result(write(content, tmp_path / "a.json"))
    for one in content["examples"]:
        one["prediction"]["answer"] = None
    lacking = read_result(write(content, tmp_path / "b.json"))
    assert compare(recorded, lacking).not_recorded == ([], ["answers of each question"])

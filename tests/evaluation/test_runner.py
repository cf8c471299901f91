"""The benchmark runner: resume after a kill, dropped examples, several processes, refused settings."""

import dataclasses
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import jax
import numpy as np
import pytest

from timesuite_jax import evaluation, parallel
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import Benchmark, Scores, run_benchmark, runner
from timesuite_jax.evaluation.prediction_log import PredictionLog
from timesuite_jax.parallel import processes


@dataclasses.dataclass(frozen=True)
class Sum:
    id: str
    numbers: tuple[int, int]


@dataclasses.dataclass(frozen=True)
class Total:
    number: int | None
    correct: bool


class Arithmetic(Benchmark[Sum, str, str, Total]):
    """A benchmark in ten lines: sums of two numbers, of which one has no solution."""

    name, metric_names, prediction_type = "arithmetic", ("accuracy", "answered"), Total

    def examples(self):
        return [Sum(f"sum/{number}", (number, 2 * number)) for number in range(11)]

    def prompt(self, example):
        if example.numbers[0] == 4:
            raise UserError("sum/4 has no numbers")
        return "{} + {}".format(*example.numbers)

    def read(self, answer, example):
        number = int(answer) if answer.isdigit() else None
        return Total(number, number == sum(example.numbers))

    def score(self, predictions):
        correct = np.array([float(prediction.correct) for prediction in predictions])
        answered = np.array([float(prediction.number is not None) for prediction in predictions])
        return Scores({"accuracy": correct, "answered": answered}, groups=[str(n) for n in range(len(predictions))])


class Adder:
    """Adds correctly below 20, and can be killed before a batch."""

    def __init__(self, kill_after: int | None = None, decoding: str = "greedy"):
        self.kill_after, self.answered, self.settings = kill_after, [], {"decoding": decoding}

    def prepare(self, prompt):
        return [int(word) for word in prompt.split(" + ")]

    def predict(self, inputs, batch_size):
        assert len(inputs) <= batch_size
        if self.kill_after is not None and len(self.answered) + len(inputs) > self.kill_after:
            raise KeyboardInterrupt
        self.answered += inputs
        return [str(sum(pair)) if sum(pair) < 20 else "many" for pair in inputs]


def test_scores_counts_and_settings():
    progress = []
    result = run_benchmark(Arithmetic(), Adder(), batch_size=4, on_progress=progress.append)
    assert result.metrics() == {"accuracy": 0.6, "answered": 0.6, "n": 10.0, "dropped": 1.0}
    assert result.predictions["sum/3"] == Total(9, True) and "sum/4" not in result.predictions
    assert [(dropped.id, dropped.reason) for dropped in result.dropped] == [("sum/4", "sum/4 has no numbers")]
    assert sum(progress) == 11
    found = json.loads(json.dumps(result.as_json()))
    assert found["settings"]["model.decoding"] == "greedy" and found["settings"]["examples"] == 11
    low, high = found["intervals_95"]["accuracy"]
    assert low < 0.6 < high


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_batch_size_changes_nothing(batch_size):
    expected = run_benchmark(Arithmetic(), Adder(), batch_size=4)
    result = run_benchmark(Arithmetic(), Adder(), batch_size=batch_size)
    assert result.predictions == expected.predictions and result.dropped == expected.dropped


def test_limit():
    assert list(run_benchmark(Arithmetic(), Adder(), batch_size=4, limit=2).predictions) == ["sum/0", "sum/1"]


@pytest.mark.parametrize("torn", [False, True])
def test_resume_after_a_kill(tmp_path, torn):
    """Nothing is answered twice and nothing is lost, even where the kill cut a line short."""
    expected = run_benchmark(Arithmetic(), Adder(), batch_size=2)
    with pytest.raises(KeyboardInterrupt):
        run_benchmark(Arithmetic(), Adder(kill_after=6), batch_size=2, folder=tmp_path)
    file = tmp_path / "predictions-0.jsonl"
    if torn:
        file.write_bytes(file.read_bytes()[:-5])
    second, progress = Adder(), []
    result = run_benchmark(Arithmetic(), second, batch_size=2, folder=tmp_path, on_progress=progress.append)
    assert result == dataclasses.replace(expected, scores=result.scores)
    assert result.metrics() == expected.metrics()
    assert len(second.answered) == (5 if torn else 4) and sum(progress) == 11
    stored = [json.loads(line)["id"] for line in file.read_text().splitlines()]
    assert sorted(stored) == sorted(expected.predictions)
    assert json.loads((tmp_path / "result.json").read_text()) == json.loads(json.dumps(result.as_json()))


def test_resume_after_a_kill_at_any_instant(tmp_path):
    """A kill leaves a beginning of the file, which is only appended to: no answer is lost, none is stored twice."""
    expected = run_benchmark(Arithmetic(), Adder(), batch_size=2, folder=tmp_path).predictions
    file = tmp_path / "predictions-0.jsonl"
    whole = file.read_bytes()
    for cut in np.random.default_rng(0).integers(0, len(whole), size=100).tolist():
        file.write_bytes(whole[:cut])
        complete = whole[:cut].count(b"\n")
        result = run_benchmark(Arithmetic(), again := Adder(), batch_size=2, folder=tmp_path)
        assert result.predictions == expected and len(again.answered) == len(expected) - complete
        stored = [json.loads(line)["id"] for line in file.read_text().splitlines()]
        assert sorted(stored) == sorted(expected)


def test_the_name_of_a_score_has_what_it_is_over_if_that_is_less(tmp_path, capsys):
    class Part(Arithmetic):
        def score(self, predictions):
            return dataclasses.replace(super().score(predictions), coverage=f"{len(predictions)} of 12")

    result = run_benchmark(Part(), Adder(), batch_size=4, folder=tmp_path)
    found = json.loads((tmp_path / "result.json").read_text())
    assert found["accuracy (10 of 12)"] == 0.6 and "accuracy" not in found and found["n"] == 10
    assert set(found["intervals_95"]) == {"accuracy (10 of 12)", "answered (10 of 12)"}
    assert result.metrics()["accuracy"] == 0.6
    evaluation.print_result(result, "arithmetic")
    assert "accuracy (10 of 12)" in capsys.readouterr().out


def test_a_finished_evaluation_answers_nothing_again(tmp_path):
    expected = run_benchmark(Arithmetic(), Adder(), batch_size=2, folder=tmp_path)
    assert run_benchmark(Arithmetic(), again := Adder(), batch_size=5, folder=tmp_path).metrics() == expected.metrics()
    assert not again.answered


def test_a_first_line_cut_short_is_removed(tmp_path):
    run_benchmark(Arithmetic(), Adder(), batch_size=2, folder=tmp_path)
    (tmp_path / "predictions-0.jsonl").write_text('{"id": "su')
    assert run_benchmark(Arithmetic(), Adder(), batch_size=2, folder=tmp_path).metrics()["n"] == 10


def test_predictions_of_other_settings_are_refused(tmp_path):
    run_benchmark(Arithmetic(), Adder(), batch_size=2, folder=tmp_path)
    with pytest.raises(UserError, match=r"other settings .*decoding.*greedy.*sampled.*another folder"):
        run_benchmark(Arithmetic(), Adder(decoding="sampled"), batch_size=2, folder=tmp_path)


def test_inputs_are_described_and_stored(tmp_path):
    """Also those of answers from before a kill; a log of an earlier version, without inputs, is resumed."""

    class Describing(Adder):
        def describe(self, prepared):
            return {"question": str(prepared)}

    with pytest.raises(KeyboardInterrupt):
        run_benchmark(Arithmetic(), Describing(kill_after=6), batch_size=2, folder=tmp_path)
    result = run_benchmark(Arithmetic(), Describing(), batch_size=2, folder=tmp_path)
    assert {id: one["question"] for id, one in result.inputs.items()} == {
        f"sum/{number}": f"[{number}, {2 * number}]" for number in range(11) if number != 4
    }
    (first, *_) = json.loads((tmp_path / "result.json").read_text())["examples"]
    scores = {"accuracy": 1.0, "answered": 1.0}
    shown = {"prediction": {"number": 0, "correct": True}, "input": {"question": "[0, 0]"}}
    assert first == {"id": "sum/0", "group": "0", "scores": scores, **shown}
    file = tmp_path / "predictions-0.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    file.write_text("".join(json.dumps({key: line[key] for key in ("id", "prediction")}) + "\n" for line in lines))
    resumed = run_benchmark(Arithmetic(), Describing(), batch_size=2, folder=tmp_path)
    assert resumed.predictions == result.predictions and not resumed.inputs


def test_damaged_folders_are_refused(tmp_path):
    run_benchmark(Arithmetic(), Adder(), batch_size=2, folder=tmp_path)
    file = tmp_path / "predictions-0.jsonl"
    file.write_text("{}\n" + file.read_text())
    with pytest.raises(UserError, match=r"predictions-0\.jsonl: line 1 is damaged"):
        run_benchmark(Arithmetic(), Adder(), batch_size=2, folder=tmp_path)
    (tmp_path / "settings.json").write_text("{")
    with pytest.raises(UserError, match=r"settings\.json is damaged"):
        run_benchmark(Arithmetic(), Adder(), batch_size=2, folder=tmp_path)


@pytest.fixture
def expected():
    """The result of one process."""
    return run_benchmark(Arithmetic(), Adder(), batch_size=2)


@pytest.fixture
def two_processes(monkeypatch):
    """Two threads simulate processes; returns a function that runs a function of the process index in both."""
    process, barrier, sent = threading.local(), threading.Barrier(2, timeout=60), {}

    def allgather(lines):
        sent[process.index] = lines
        barrier.wait()
        both = [*sent[0], *sent[1]]
        barrier.wait()
        return both

    monkeypatch.setattr(runner, "shard_batches", lambda size: (parallel.ProcessShard(process.index, 2), size))
    for module in (parallel, processes):
        monkeypatch.setattr(module, "allgather_strings", allgather)
    monkeypatch.setattr(jax, "process_index", lambda: process.index)
    monkeypatch.setattr(jax, "process_count", lambda: 2)

    def run(function):
        def in_process(index):
            process.index = index
            return function(index)

        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(in_process, range(2)))

    return run


def test_two_processes_give_the_union(expected, two_processes, tmp_path):
    """Each answers a half, in as many batches as the other; both return all, and write to one folder."""

    class Counting(Adder):
        batches = 0

        def predict(self, inputs, batch_size):
            self.batches += 1
            return super().predict(inputs, batch_size)

    def run(index):
        return run_benchmark(Arithmetic(), adders[index], batch_size=2, folder=tmp_path)

    adders = [Counting(), Counting()]
    results = two_processes(run)
    assert [len(adder.answered) for adder in adders] == [5, 5] and {adder.batches for adder in adders} == {3}
    stored = [(tmp_path / f"predictions-{index}.jsonl").read_text().splitlines() for index in range(2)]
    assert [len(lines) for lines in stored] == [5, 5]
    assert json.loads((tmp_path / "result.json").read_text())["settings"]["examples"] == 11
    adders = [Counting(), Counting()]
    resumed = two_processes(run)
    assert [adder.answered for adder in adders] == [[], []]
    assert not list(tmp_path.glob(".*"))
    for result in (*results, *resumed):
        assert list(result.predictions.items()) == list(expected.predictions.items())
        assert result.dropped == expected.dropped and result.metrics() == expected.metrics()


@pytest.mark.parametrize("fails", ["at the start", "after a batch"])
def test_a_write_that_fails_in_one_process_raises_in_both(two_processes, tmp_path, monkeypatch, fails):
    if fails == "at the start":
        (tmp_path / "predictions-1.jsonl").mkdir()
    else:
        append = PredictionLog.append

        def full(log, predictions):
            if jax.process_index() == 1:
                raise UserError("cannot write to the folder: no space left")
            append(log, predictions)

        monkeypatch.setattr(PredictionLog, "append", full)

    def run(index):
        with pytest.raises(UserError) as error:
            run_benchmark(Arithmetic(), Adder(), batch_size=2, folder=tmp_path)
        return str(error.value)

    first, second = two_processes(run)
    assert first == f"process 1 has failed: {second}" and "cannot write to" in second
    assert not (tmp_path / "result.json").exists()


def test_nothing_to_evaluate():
    class Empty(Arithmetic):
        def prompt(self, example):
            raise UserError("its video is missing")

    with pytest.raises(UserError, match=r"all 11 examples of arithmetic.*sum/0: its video is missing"):
        run_benchmark(Empty(), Adder(), batch_size=2)


def test_an_unknown_protocol_is_refused():
    benchmark = Arithmetic()
    benchmark.protocol = "paper"
    with pytest.raises(UserError, match=r"no protocol 'paper'.*default"):
        run_benchmark(benchmark, Adder(), batch_size=2)


def test_metrics_of_some_units_only():
    """NaN excludes a unit; the intervals of the others are those without it."""
    values = np.array([1.0, 0.0, 1.0, 1.0])
    scores = Scores({"all": values, "some": np.where([True, True, True, False], values, np.nan)}, groups=list("aabc"))
    assert scores.metrics() == {"all": 0.75, "some": pytest.approx(2 / 3)}
    assert scores.intervals()["some"] == Scores({"some": values[:3]}, groups=list("aab")).intervals()["some"]
    with pytest.raises(ValueError, match="lengths"):
        Scores({"all": values}, groups=["a"])


def test_predictions_as_lines_and_a_table(tmp_path, capsys):
    result = run_benchmark(Arithmetic(), Adder(), batch_size=2)
    evaluation.write_predictions(result, tmp_path / "answers.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    assert lines[0] == {"number": 0, "correct": True} and len(lines) == 10
    evaluation.print_result(result, "sums")
    out = capsys.readouterr().out
    assert "accuracy" in out and "0.600" in out and "10 examples scored, 1 dropped" in out and "no numbers" in out
    with pytest.raises(UserError, match=r"cannot write .*absent/a.jsonl"):
        evaluation.write_predictions(result, tmp_path / "absent/a.jsonl")

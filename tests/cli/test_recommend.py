"""`timesuite recommend`, and `timesuite evaluate` and `timesuite port` for a recommender."""

import dataclasses
import functools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from jax.sharding import PartitionSpec
from rehearse_pod import environment, free_port
from rich.console import Console
from safetensors import safe_open

from tests.support import ring_interactions
from timesuite_jax import progress
from timesuite_jax.cli.main import main
from timesuite_jax.registry import Recommends, load


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a run trained on the ring, with items sharded over two devices; its data are in ../ring.npz."""
    folder = tmp_path_factory.mktemp("recommender")
    ring_interactions.ring().save(folder / "ring.npz")
    ring_interactions.train(
        ring_interactions.ring_config(folder / "ring.npz", "--config.training.mesh.tensor=2"), folder / "run"
    )
    return folder / "run"


def recommend(run: Path, history: Path, *words: str) -> int:
    return main(["recommend", "--workdir", str(run), "--history", str(history), *words])


def test_the_next_items_of_the_ring_are_recommended(run, tmp_path, capsys):
    rows = "user,item,time\nann,item 4,2\nann,item 3,1\nbob,item 9,5\nbob,item 99,6\nbob,item 10,7\ncat,x,1\n"
    (tmp_path / "history.csv").write_text(rows)
    assert recommend(run, tmp_path / "history.csv", "--top", "12", "--step", "best", "--json") == 0
    output = json.loads(capsys.readouterr().out)
    assert list(output) == ["ann", "bob", "cat"]
    listed = {user: [each["item"] for each in output[user]["items"]] for user in output}
    assert "item 5" in listed["ann"][:2] and "item 11" in listed["bob"][:2]
    # All items that were not seen, once each, best first.
    assert sorted(listed["ann"]) == sorted(f"item {n}" for n in range(12) if n not in (3, 4))
    scores = [each["score"] for each in output["ann"]["items"]]
    assert scores == sorted(scores, reverse=True) and scores[-1] > -1e6
    assert [output[user]["unknown"] for user in output] == [[], ["item 99"], ["x"]] and listed["cat"] == []

    assert recommend(run, tmp_path / "history.csv", "--top", "2", "--step", "best") == 0
    captured = capsys.readouterr()
    lines = [line.split(maxsplit=2) for line in captured.out.splitlines()]
    assert lines[0] == ["user", "ann"] and lines[1][2] == listed["ann"][0] and len(lines) == 3 + 3 + 1
    assert "user bob: ignored unknown items item 99" in captured.err


@pytest.mark.parametrize("command", [pytest.param("recommend", marks=pytest.mark.nightly), "evaluate"])
def test_two_processes_print_once_what_one_prints(run, tmp_path, capsys, command):
    """Each process has half of the items."""
    assert load(run, Recommends).params["item_embedding"].sharding.spec == PartitionSpec(("tensor",), None)
    (tmp_path / "history.json").write_text('[["item 3", "item 4"], ["item 9"], ["x", "item 0"]]')
    words = ["recommend", "--workdir", str(run), "--history", str(tmp_path / "history.json"), "--json"]
    if command == "evaluate":
        words = ["evaluate", "--workdir", str(run), "--json"]
    assert main(words) == 0
    alone, port = json.loads(capsys.readouterr().out), free_port()
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "timesuite_jax.cli.main", *words],
            env=environment(index, 2, port, 1),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for index in range(2)
    ]
    outputs = [process.communicate(timeout=300) for process in running]
    assert [process.returncode for process in running] == [0, 0], outputs
    lines = [out.splitlines() for out, _ in outputs]  # without those of Gloo, the transport between CPU processes
    assert len(lines[0]) == 1 and not lines[1]
    together = json.loads(lines[0][0])
    for user, there in alone.items():
        here = together[user]
        if command == "recommend":
            scores = [[item.pop("score") for item in each["items"]] for each in (here, there)]
            np.testing.assert_allclose(*scores, rtol=1e-5)
        assert here == there


@pytest.mark.parametrize("separator", [",", ";", "\t", "::"])
def test_histories_are_read_in_the_formats_of_logs(run, tmp_path, capsys, separator):
    rows = [("user_id", "item_id", "timestamp"), ("bob", "item 4", "2024-01-02"), ("bob", "item 3", "2024-01-01")]
    (tmp_path / "history.csv").write_text("".join(separator.join(row) + "\n" for row in rows))
    assert recommend(run, tmp_path / "history.csv", "--top", "2", "--json") == 0
    assert "item 5" in [each["item"] for each in json.loads(capsys.readouterr().out)["bob"]["items"]]


def test_a_user_of_the_data_is_recommended_what_follows_all_items(run, capsys):
    """User 5 of the ring begins at item 5."""
    data = ring_interactions.ring()
    history = data.history(5).tolist()
    assert history == [(5 + n) % 12 for n in range(len(history))]
    words = ["recommend", "--workdir", str(run), "--top", "2", "--json", "--user", "user 5", "--user", "user 0"]
    assert main(words) == 0
    output = json.loads(capsys.readouterr().out)
    assert list(output) == ["user 5", "user 0"] and output["user 5"]["unknown"] == []
    assert f"item {(history[-1] + 1) % 12}" in [each["item"] for each in output["user 5"]["items"]]

    assert main([*words[:-4], "--user", "usr 5"]) == 2
    error = capsys.readouterr().err
    assert "ring.npz has no user 'usr 5'; did you mean 'user 5'? its 24 users are 'user 0', 'user 1'" in error
    assert main([*words[:-4], "--user", ""]) == 2
    assert capsys.readouterr().err == "timesuite recommend: user is empty; fill it in or remove the line\n"
    with pytest.raises(SystemExit):
        main(["recommend", "--workdir", str(run)])
    assert "one of the arguments --user --history is required" in capsys.readouterr().err


def test_unknown_items_are_rejected_on_request(run, tmp_path, capsys):
    (tmp_path / "history.json").write_text('["item 3", "item 99", 7]')
    assert recommend(run, tmp_path / "history.json", "--on-unknown", "reject") == 2
    error = capsys.readouterr().err
    assert "does not know 2 of the items: '7', 'item 99'; its 12 items are 'item 0', 'item 1', 'item 2'" in error
    assert recommend(run, tmp_path / "history.json", "--on-unknown", "ignore", "--json") == 0
    assert json.loads(capsys.readouterr().out)["0"]["unknown"] == ["item 99", "7"]


def test_seen_items_are_recommended_on_request(run, tmp_path, capsys):
    (tmp_path / "history.json").write_text('["item 3", "item 4"]')
    assert recommend(run, tmp_path / "history.json", "--top", "12", "--seen", "--json") == 0
    output = json.loads(capsys.readouterr().out)
    assert {each["item"] for each in output["0"]["items"]} == {f"item {n}" for n in range(12)}


def test_a_history_of_all_items_gets_no_recommendation(run, tmp_path, capsys):
    (tmp_path / "history.json").write_text(json.dumps([f"item {n}" for n in range(12)]))
    assert recommend(run, tmp_path / "history.json", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"0": {"items": [], "unknown": []}}


def test_recommendations_do_not_depend_on_the_batch(run):
    loaded = load(run, Recommends)
    histories = [[f"item {(user + n) % 12}" for n in range(1 + user)] for user in range(11)]
    together = loaded.run(loaded.task.recommend, histories, top=4)
    for history, expected in zip(histories, together, strict=True):
        (alone,) = loaded.run(loaded.task.recommend, [history], top=4)
        assert [each.item for each in alone.items] == [each.item for each in expected.items]
        np.testing.assert_allclose([e.score for e in alone.items], [e.score for e in expected.items], rtol=1e-5)
    # Eleven items were seen, one more than the model reads; that one is excluded, too.
    assert [each.item for each in together[10].items] == ["item 9"]
    assert loaded.run(loaded.task.recommend, []) == []


FILES = {
    "empty.csv": "item\n",
    "odd.csv": "thing\nx\n",
    "strange.csv": "item\nx\ny\n",
    "time.csv": "item,time\nx,noon\n",
    "gap.csv": "user,item\na,\n",
    "odd.json": '{"a": 1}',
    "broken.json": "[",
    "float.json": "[1.5]",
    "nan.csv": "item,time\nx,nan\n",
    "empty_user.csv": "user,item\n ,x\n",
    "twice.json": '{"a": ["x"], "a": ["y"]}',
    "deep.json": "[" * 200_000,
}


@pytest.mark.parametrize(
    ("file", "words", "output"),
    [
        ("empty.csv", [], "empty.csv contains no rows after its header"),
        ("odd.csv", [], "odd.csv has no column item; its columns are thing; rename the column of items to item"),
        ("strange.csv", [], "the model knows no item of {} (x, y); correct the names"),
        ("odd.json", [], 'contains no histories; write a list of items ["a", "b"]'),
        ("broken.json", [], "give rows with a column item, or a .json file with a list of items"),
        ("time.csv", [], "line 2: time 'noon' is not a number"),
        ("gap.csv", [], "line 2: item is empty"),
        ("float.json", [], "user 0: item 1.5 is neither a name nor a whole number"),
        ("nan.csv", [], "line 2: time 'nan' is not a number"),
        ("empty_user.csv", [], "line 2: user is empty"),
        ("twice.json", [], "contains the name 'a' twice"),
        ("deep.json", [], "cannot read {}"),
        ("absent.csv", [], "history {} does not exist"),
        ("strange.csv", ["--top", "0"], "--top 0 is less than 1"),
        ("strange.csv", ["--data", "none.npz"], "none.npz does not exist"),
    ],
)
def test_invalid_files_and_options_are_rejected(run, tmp_path, capsys, file, words, output):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    assert recommend(run, tmp_path / file, *words) == 2
    assert output.format(tmp_path / file) in capsys.readouterr().err


def test_items_with_other_names_or_another_order_are_rejected(run, tmp_path, capsys):
    """With the same number of items, so that all shapes fit."""
    data = ring_interactions.ring()
    dataclasses.replace(data, item_names=tuple(reversed(data.item_names or ()))).save(tmp_path / "other.npz")
    (tmp_path / "history.json").write_text('["item 3", "item 4"]')
    assert recommend(run, tmp_path / "history.json", "--data", str(tmp_path / "other.npz")) == 2
    output = capsys.readouterr().err
    assert f"the items of {tmp_path / 'other.npz'} have other names or another order" in output and str(run) in output
    data.save(tmp_path / "moved.npz")
    assert recommend(run, tmp_path / "history.json", "--data", str(tmp_path / "moved.npz")) == 0


def test_evaluate_prints_the_ranking(run, capsys, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "Console", functools.partial(Console, force_terminal=True))
    words = ["evaluate", "--workdir", str(run), "--step", "best"]
    assert main([*words, "--json"]) == 0
    output = json.loads(capsys.readouterr().out)
    best = json.loads((run / "best.json").read_text())["improvements"][-1]["metrics"]
    for split in ("validation", "test"):
        low, high = output[split].pop("intervals_95")["ndcg_20"]
        assert low <= output[split]["ndcg_20"] <= high
        assert output[split].pop("intervals_over") == {"unit": "users", "count": 24}
        assert output[split] == pytest.approx({name: best[f"{split}/{name}"] for name in output[split]}, abs=1e-9)
    popular, random = (output["baselines"]["test"][name] for name in ("popularity", "random"))
    # Of 12 items at most 7 of a user's are seen; the walk's next item is one of the others.
    assert 5 / 12 < random["hr_5"] < 1 and popular.keys() == random.keys() == output["test"].keys()
    assert main(words) == 0
    out, bar = capsys.readouterr()
    assert "ranking" in bar and "48/48" in bar
    rows = " ".join(out.replace("│", "|").split())
    for name, baseline in (("popularity", popular), ("random", random)):
        assert f"{name} | {baseline['hr_5']:.4f}" in rows
    assert "validation" in out and f"{output['test']['hr_10']:.4f}" in out and "24 users" in out


def test_options_and_commands_of_other_models_are_rejected(run, capsys):
    for words, output in (
        (["evaluate", "--workdir", str(run), "--limit", "3"], "--limit 3 is not supported for mqsa_ted"),
        (["evaluate", "--workdir", str(run), "--data", "a", "--corpus", "b"], "give one file"),
        (
            ["ask", __file__, "When?", "--workdir", str(run)],
            "is a mqsa_ted model, not one that answers questions about videos: it recommends items",
        ),
    ):
        assert main(words) == 2
        assert output in capsys.readouterr().err


def test_exported_weights_need_no_run(run, tmp_path, capsys):
    """Recommendations and ranks equal those of the run."""
    (tmp_path / "history.json").write_text('["item 3", "item 4"]')
    config = ["--config", f"{ring_interactions.CONFIG}:debug"]
    weights = f"--config.weights.files=('{tmp_path / 'weights.safetensors'}',)"
    assert main(["port", "export", str(run), "--out", str(tmp_path / "weights.safetensors")]) == 0

    def outputs(*words: str) -> dict:
        capsys.readouterr()
        assert main([*words, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    data, history = str(run.parent / "ring.npz"), ["--history", str(tmp_path / "history.json")]
    recommended = outputs("recommend", *config, weights, f"--config.data.path={data}", *history)
    assert [each["item"] for each in recommended["0"]["items"]] == [
        each["item"] for each in outputs("recommend", "--workdir", str(run), *history)["0"]["items"]
    ]
    evaluated = outputs("evaluate", *config, weights, "--data", data)
    assert evaluated == outputs("evaluate", "--workdir", str(run))

    for words, output in (
        (["evaluate", *config, "--data", data], "config.weights.files is empty"),
        (["evaluate", *config, weights, "--data", data, "--limit", "3"], "--limit 3 is not supported for mqsa_ted"),
        (["recommend", "--config", f"{ring_interactions.CONFIG.parents[1]}/timesuite/linear_p.py:debug", *history],
         "the config is a videochat_t model, not one that recommends items: it answers questions"),
    ):  # fmt: skip
        assert main(words) == 2
        assert output in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "words", "output"),
    [
        ("{}", ["evaluate", "--data", "DATA"], "config.task=None is unknown"),
        ("{}", ["recommend", "--history", "HISTORY"], "config.task=None is unknown"),
        ("{'task': 'mqsa_ted'}", ["recommend", "--history", "HISTORY", "--data", "DATA"], "weights.files is empty"),
    ],
)
def test_incomplete_configs_are_rejected(run, tmp_path, capsys, content, words, output):
    (tmp_path / "history.json").write_text('["item 3"]')
    (tmp_path / "little.py").write_text(
        f"from ml_collections import ConfigDict\n\n\ndef get_config(arg=None):\n    return ConfigDict({content})\n"
    )
    places = {"DATA": str(run.parent / "ring.npz"), "HISTORY": str(tmp_path / "history.json")}
    assert main([*(places.get(word, word) for word in words), "--config", str(tmp_path / "little.py")]) == 2
    assert output in capsys.readouterr().err


def test_export_and_import_of_a_run(run, tmp_path, capsys):
    """The family follows from the run, and from the tensors of a folder of parameters."""
    best = json.loads((run / "best.json").read_text())["improvements"][-1]["step"]
    files = [str(tmp_path / name) for name in ("newest.safetensors", "best.safetensors", "numbered.safetensors")]
    steps = [[], ["--step", "best"], ["--step", str(best)]]
    for file, step in zip(files, steps, strict=True):
        assert main(["port", "export", str(run), "--out", file, *step]) == 0
    assert Path(files[1]).read_bytes() == Path(files[2]).read_bytes()
    params = load(run, Recommends, step="best").params
    with safe_open(files[1], "numpy") as file:
        np.testing.assert_array_equal(file.get_tensor("item_embedding/item_embedding"), params["item_embedding"])
    capsys.readouterr()
    assert main(["port", "import", files[1], "--model", "mqsa_ted", "--out", str(tmp_path / "model")]) == 0
    assert main(["port", "export", str(tmp_path / "model"), "--out", str(tmp_path / "again.safetensors")]) == 0
    assert (tmp_path / "again.safetensors").read_bytes() == Path(files[1]).read_bytes()

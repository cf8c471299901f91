"""Notebooks of the video model run from their first to their last cell, with the small model and made-up videos."""

import json
import subprocess

import matplotlib
import pytest

from tests.support.notebooks import Notebook
from tests.support.one_device import train_on_one_device
from tests.support.paths import ROOT

NAMES = sorted(path.name for path in (ROOT / "colabs").glob("*.ipynb"))


@pytest.fixture
def run_in(tmp_path, monkeypatch):
    """Runs a notebook's cells with paths below a temporary folder."""
    (tmp_path / "timesuite_jax").mkdir()  # the folder passes for a clone, into which a notebook writes
    (tmp_path / "colabs").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(ROOT))
    matplotlib.use("Agg")

    def run(name: str, **settings):
        return Notebook(name).run(settings)

    return run


@pytest.mark.nightly
def test_fine_tune_then_evaluate(run_in, tmp_path, monkeypatch, capsys):
    train_on_one_device(monkeypatch)
    names = run_in("finetune.ipynb", EPOCHS=1)
    assert names["results"]["scores"] and len(names["answers"]) == 15  # three questions on each of five videos
    names = run_in("evaluate.ipynb", RUN="runs/mine")
    assert set(names["intervals"]) >= {"miou", "r1_iou_0.5"}
    assert len(names["predictions"]) == names["result"]["n"]
    assert (tmp_path / "results/held_out/result.json").is_file()
    capsys.readouterr()


def test_ask_then_ground(run_in, tiny_run, tiny_corpus, tmp_path, capsys):
    video = str(sorted((tiny_corpus / "videos").glob("*.mp4"))[0])
    names = run_in("ask.ipynb", RUN=str(tiny_run), VIDEO=video)
    assert "data:image/png;base64," in names["answer"]._repr_html_()
    assert names["follow_up"].question == "And the blue square?"
    names = run_in("ground.ipynb", RUN=str(tiny_run), VIDEO=video)
    assert len(names["answers"]) == 2
    assert len(list((tmp_path / "exports").iterdir())) == 2 * len(names["FORMATS"])
    capsys.readouterr()


def test_checkpoints_to_pytorch_and_back(run_in, capsys):
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    names = run_in("port.ipynb", CONFIG=f"{ROOT}/configs/timesuite/linear_pro_ada.py:debug")
    # Sums of 64 to 128 products in float32, in another order.
    assert names["difference"] < 1e-5 * float(names["theirs"].abs().max())
    assert "identical" in capsys.readouterr().out


def test_a_pod_plan(run_in, monkeypatch, capsys):
    report = {
        "memory": {"arguments": 2**30, "hbm_limit": 16 * 2**30},
        "temporaries": 2**30,
        "collectives": [{"kind": "all-reduce", "axes": "data", "bytes": 2**20, "overlapped_bytes": 0.0}],
        "mesh": {"replica": 1, "data": 8, "fsdp": 1, "tensor": 1},
        "fits": True,
        "flops_ratio": 1.25,
        "lower_bound_seconds": 0.36,
    }
    pytest.importorskip("libtpu")
    done = subprocess.CompletedProcess([], 0, json.dumps([report]))
    monkeypatch.setattr(subprocess, "run", lambda *words, **options: done)
    run_in("pod_plan.ipynb", STEPS=10_000)
    assert "10,000 steps at 100% of the peak: 1.00 hours, 8.00 for 8 chips" in capsys.readouterr().out


@pytest.mark.nightly
def test_a_pod_plan_is_compiled(run_in):
    pytest.importorskip("libtpu")
    config = f"{ROOT}/configs/timesuite/linear_p.py:debug"
    names = run_in("pod_plan.ipynb", CONFIG=config, TOPOLOGY="v5e:2x4")
    assert names["report"]["topology"] == "v5e:2x4" and names["report"]["flops"] > 0


@pytest.mark.parametrize("name", NAMES)
def test_settings_and_first_cells(name):
    """Every notebook is installed in the same way, and names a config of the repository."""
    notebook = Notebook(name)
    assert notebook.code[0] == Notebook("data.ipynb").code[0]
    assert "REPOSITORY" in notebook.defaults()
    if config := notebook.defaults().get("CONFIG"):
        assert (ROOT / config.partition(":")[0]).is_file()


@pytest.mark.parametrize("name", NAMES)
def test_no_outputs(name):
    Notebook(name).check_no_outputs()

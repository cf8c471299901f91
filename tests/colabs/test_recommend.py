"""All cells of the notebook run, on synthetic interactions and a tiny budget: in its folder, and without a clone."""

import subprocess
import sys
from pathlib import Path

import matplotlib
import pytest

from tests.support import ring_interactions
from tests.support.notebooks import Notebook
from tests.support.one_device import train_on_one_device
from tests.support.paths import ROOT

NOTEBOOK = Notebook("recommend.ipynb")


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The notebook extends `sys.path`."""
    monkeypatch.setattr(sys, "path", [*sys.path])


@pytest.mark.nightly
def test_all_cells_run_in_the_folder_of_the_notebook(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(NOTEBOOK.path.parent)
    matplotlib.use("Agg")
    ring_interactions.ring().save(tmp_path / "ring.npz")
    train_on_one_device(monkeypatch)
    settings = {
        "DATA": str(tmp_path / "ring.npz"),
        "CONFIG": f"{NOTEBOOK.defaults()['CONFIG']}:debug",
        "WORKDIR": str(tmp_path / "run"),
        "EPOCHS": 2,
    }
    names = NOTEBOOK.run(settings)
    output = capsys.readouterr().out
    assert "recommended: item " in output and "popularity" in output
    unseen = [ring_interactions.ITEMS - len(set(history)) for history in names["histories"]]
    assert [len(made.items) for made in names["recommended"]] == [min(5, number) for number in unseen]
    assert names["result"].step == 2 * names["steps"]
    drawn = {line.get_label(): len(line.get_xdata()) for panel in names["panels"] for line in panel.get_lines()}
    assert drawn == dict.fromkeys(("next_item", "distillation", "validation/ndcg_20", "test/ndcg_20"), 2)


def test_without_a_clone_the_repository_and_the_data_are_downloaded(tmp_path, monkeypatch):
    """As in a fresh Colab; the programs that need a network are replaced."""
    monkeypatch.chdir(tmp_path)
    commands = []

    def check_call(command: list[str]) -> None:
        commands.append([part for part in command if part != sys.executable])
        if "interactions" in command:
            Path(command[-1]).touch()

    def call(command: list[str]) -> int:
        if command[-2] == "WRONG":
            return 128
        commands.append(command)
        for folder in ("timesuite_jax", "colabs"):
            (tmp_path / command[-1] / folder).mkdir(parents=True)
        return 0

    monkeypatch.setattr(subprocess, "check_call", check_call)
    monkeypatch.setattr(subprocess, "call", call)
    with pytest.raises(SystemExit, match="Set REPOSITORY"):
        NOTEBOOK.run({"REPOSITORY": ""}, 1)
    with pytest.raises(SystemExit, match="git cannot clone 'WRONG'"):
        NOTEBOOK.run({"REPOSITORY": "WRONG"}, 1)
    NOTEBOOK.run({"REPOSITORY": "REPOSITORY"}, 2)
    clone, install, download, convert = commands
    assert clone[:2] == ["git", "clone"] and install[:4] == ["-m", "pip", "install", "--quiet"]
    assert download[-1].endswith("MQSA-TED") and Path.cwd() == tmp_path / "timesuite"
    assert convert[:4] == ["-m", "timesuite_jax.cli.main", "data", "interactions"]
    assert (tmp_path / "timesuite" / NOTEBOOK.defaults()["DATA"]).exists()


def test_the_settings_are_those_of_the_repository():
    assert (ROOT / NOTEBOOK.defaults()["CONFIG"]).is_file()


def test_the_notebook_has_no_outputs():
    NOTEBOOK.check_no_outputs()

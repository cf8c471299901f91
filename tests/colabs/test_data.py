"""All cells of the notebook run, in its folder: on videos of moving shapes, and on annotations that are given."""

import matplotlib
import pytest

from tests.support import corpora
from tests.support.notebooks import Notebook
from tests.support.paths import ROOT

NOTEBOOK = Notebook("data.ipynb")


@pytest.fixture(autouse=True)
def _place(monkeypatch: pytest.MonkeyPatch) -> None:
    """The notebook extends `sys.path`."""
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.chdir(NOTEBOOK.path.parent)
    matplotlib.use("Agg")


def test_all_cells_run(tmp_path, capsys):
    corpora.make(tmp_path, "given", 3)
    corpora.tokenizers(tmp_path / "tokenizer")
    names = NOTEBOOK.run(
        {
            "ANNOTATIONS": str(tmp_path / "given.json"),
            "VIDEOS": str(tmp_path / "given_videos"),
            "TASK": "conversation",
            "CORPUS": str(tmp_path / "corpus"),
            "TOKENIZER": str(tmp_path / "tokenizer"),
        }
    )
    output = capsys.readouterr().out
    assert "3 records" in output and "fit whole" in output and "When is video number 0?" in output
    assert (tmp_path / "corpus.html").is_file()
    assert len(names["panels"][0]) == 8  # frames of the last sample


def test_without_annotations_it_makes_videos(tmp_path, monkeypatch):
    """The clone is another folder, into which the notebook writes."""
    for folder in ("timesuite_jax", "colabs"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path)
    names = NOTEBOOK.run({"CORPUS": str(tmp_path / "corpus")}, 2)
    assert (tmp_path / names["ANNOTATIONS"]).is_file()
    assert (tmp_path / "corpus/dataset_info.json").is_file()


def test_the_settings_are_those_of_the_repository():
    assert (ROOT / NOTEBOOK.defaults()["CONFIG"]).is_file()


def test_the_notebook_has_no_outputs():
    NOTEBOOK.check_no_outputs()

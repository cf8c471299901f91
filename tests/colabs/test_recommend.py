"""All cells of the notebook run, on synthetic interactions and a tiny budget."""

import json

import jax
import matplotlib

from tests.support import ring_interactions
from tests.support.paths import ROOT
from timesuite_jax import parallel, training
from timesuite_jax.parallel import MeshSpec

NOTEBOOK = ROOT / "colabs/recommend.ipynb"


def test_all_cells_run(tmp_path, monkeypatch, capsys):
    matplotlib.use("Agg")
    ring_interactions.ring().save(tmp_path / "ring.npz")
    # On one device, where so small a model is quickest.
    run, mesh = training.run, parallel.make_mesh(MeshSpec(), jax.devices()[:1])
    monkeypatch.setattr(training, "run", lambda *args, **named: run(*args, mesh=mesh, **named))
    settings = {
        "DATA": tmp_path / "ring.npz",
        "CONFIG": f"{ring_interactions.CONFIG}:debug",
        "WORKDIR": tmp_path / "run",
    }
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    first, *rest = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    asked = {line.split(" = ")[0] for line in first.splitlines() if " = " in line}
    assert asked == {*settings, "EPOCHS"}
    names = {name: str(value) for name, value in settings.items()} | {"EPOCHS": 2}
    for number, source in enumerate(rest, 2):
        exec(compile(source, f"code cell {number}", "exec"), names)
    assert "recommended: item " in capsys.readouterr().out
    assert [len(made.items) for made in names["recommended"]] == [5, 5, 5]
    drawn = {line.get_label(): len(line.get_xdata()) for panel in names["panels"] for line in panel.get_lines()}
    assert drawn == dict.fromkeys(("next_item", "distillation", "validation/ndcg_20", "test/ndcg_20"), 2)


def test_the_notebook_has_no_outputs():
    """Outputs would be those of another run."""
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        assert not cell.get("outputs") and not cell.get("execution_count")

"""`timesuite aot`: programs that fit, programs that do not, and errors; compiled by libtpu where it is installed."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from tests.support.aot_report import aot_report
from tests.support.paths import CONFIGS
from timesuite_jax.cli.main import main


def aot(*words: str) -> subprocess.CompletedProcess:
    """In a process of its own: libtpu takes over the handling of signals."""
    command = [sys.executable, "-m", "timesuite_jax.cli.main", "aot", *words]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ}, timeout=500)


@pytest.fixture(scope="module")
def recommender(tmp_path_factory) -> list[str]:
    """A config of a few items, quick to compile, and its overrides."""
    file = tmp_path_factory.mktemp("interactions") / "few.npz"
    users = np.arange(4)
    np.savez(
        file,
        user_ptr=np.arange(5) * 2, items=np.arange(8) % 6, validate_item=users, test_item=users + 1,
        num_user=4, num_item=6,
    )  # fmt: skip
    return [f"{CONFIGS}/mqsa_ted/beauty.py:debug", f"--config.data.path={file}"]


def test_a_program_is_compiled_for_an_absent_topology(recommender):
    pytest.importorskip("libtpu")
    done = aot(*recommender, "--topology", "v5e:2x2", "--json")
    assert done.returncode == 0, done.stderr[-2000:]
    (report,) = json.loads(done.stdout)
    assert (report["program"], report["mesh"]["data"], report["fits"]) == ("train", 4, True)
    memory = report["memory"]
    assert 0 < memory["arguments"] < memory["peak"] < memory["hbm_limit"] == 15.75 * 2**30
    assert report["flops"] > 0
    # Gradients of all parameters are all-reduced over the axis that shards the batch.
    summed = [entry for entry in report["collectives"] if entry["kind"] == "all-reduce"]
    assert {entry["axes"] for entry in summed} == {"data"} and sum(entry["bytes"] for entry in summed) > 0


def test_epochs_of_data_that_are_not_here():
    """Steps an epoch are unknown without the data, and are not needed."""
    pytest.importorskip("libtpu")
    config = f"{CONFIGS}/internvideo2/finetune_1b.py:debug"
    changes = ("data.corpora=('absent',)", "model.num_classes=5", "training.epochs=3", "training.total_steps=0")
    done = aot(
        config, *(f"--config.{change}" for change in changes), "--topology", "v5e:2x2", "--program", "train", "--json"
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout)[0]["model_flops"] > 0


def test_a_mesh_over_slices_and_one_that_does_not_fit():
    """Without compiling: the topology is described, the mesh laid over it."""
    pytest.importorskip("libtpu")
    code = (
        "from timesuite_jax import parallel\n"
        "two = parallel.describe_topology('v5e:2x2', 2)\n"
        "mesh = parallel.make_mesh(parallel.MeshSpec(replica=2, data=1, fsdp=4), two)\n"
        "assert [{d.slice_index for d in row.flat} for row in mesh.devices] == [{0}, {1}]\n"
        "assert len(parallel.describe_topology('v6e:1x1')) == 1\n"
        "parallel.make_mesh(parallel.MeshSpec(data=-1), two)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=500)
    error = "mesh.replica=1 is not divisible by the 2 slices of the devices; set mesh.replica=2"
    assert error in done.stderr.splitlines()[-1]


def test_a_config_that_imports_jax_does_not_take_the_chips_that_are_here(tmp_path, monkeypatch, capsys):
    for name in ("JAX_PLATFORMS", "JAX_ENABLE_COMPILATION_CACHE"):
        monkeypatch.setenv(name, "as it was")
    names = "os.environ['JAX_PLATFORMS'], os.environ['JAX_ENABLE_COMPILATION_CACHE']"
    (tmp_path / "telling.py").write_text(f"import os\ndef get_config(arg):\n    raise ValueError([{names}])\n")
    assert main(["aot", str(tmp_path / "telling.py"), "--topology", "v5e:1x1"]) == 2
    assert "fails: ['cpu', 'false']" in capsys.readouterr().err


@pytest.mark.parametrize("fits", [True, False])
def test_table_and_exit_code_report_whether_a_program_fits(recommender, fits, monkeypatch, capsys):
    for name in ("JAX_PLATFORMS", "JAX_ENABLE_COMPILATION_CACHE"):
        monkeypatch.setenv(name, "as it was")
    report = aot_report(fits=fits)
    plan = SimpleNamespace(calls={"train": None}, report=lambda _: report)
    monkeypatch.setattr("timesuite_jax.aot.make_plan", lambda *_: plan)
    assert main(["aot", *recommender, "--topology", "v5e:1x1"]) == (0 if fits else 1)
    rows = [line.strip("│ ").split("│") for line in capsys.readouterr().out.splitlines() if line.startswith("│")]
    cells = {name.strip(): cell.strip() for name, cell in rows}
    assert cells["temporaries"] == "2.50 GiB" and cells["HBM limit"] == ("4.00 GiB" if fits else "3.00 GiB")
    ends = ("yes", "1.500", "66.7%", "1.5 s") if fits else ("no, by 0.50 GiB", "-", "-", "-")
    assert (
        tuple(cells[name] for name in ("fits", "compiled / model", "MFU upper bound", "lower-bound step time")) == ends
    )


def test_ctrl_c_ends_it_at_once(recommender):
    """Whatever the compiler is doing, which is played here: it would take minutes to hear of it, if it ever did."""
    code = (
        "import os, signal, sys, time, types\n"
        "from timesuite_jax import aot\n"
        "from timesuite_jax.cli.main import main\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # which a job in the background has not\n"
        "def report(name):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    time.sleep(300)\n"
        "plan = types.SimpleNamespace(calls={'train': None}, report=report)\n"
        "aot.make_plan = lambda *_: plan\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    command = [sys.executable, "-c", code, "aot", *recommender, "--topology", "v5e:2x2", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "timesuite aot: interrupted\n")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--topology", "v5e-256"], "'v5e-256' is unknown to libtpu; its 256 chips are v5e:16x16"),
        (["--topology", "v5p-128"], "its 64 chips are v5p:4x4x4"),
        (["--topology", "v9:2x2"], "topology 'v9:2x2' is unknown; there are v5e:1x1"),
        (
            ["--topology", "v5e:16x32"],
            "'v5e:16x32' does not exist; the largest v5e is v5e:16x16, and --slices combines",
        ),
        (["--topology", "v6e:4x4x4"], "'v6e:4x4x4' does not exist; the largest v6e is v6e:16x16"),
        (["--topology", "v5e"], "topology 'v5e' is unknown; there are v5e:1x1"),
        (["--topology", "v5e:four"], "topology 'v5e:four' is unknown; there are"),
        (["--topology", "v5e-512"], "topology 'v5e-512' is unknown; there are"),  # two of the largest
        (["--topology", "v5e:2x2", "--slices", "0"], "--slices 0 is less than 1"),
        (["--topology", "v5e:2x2"], 'pip install -e ".[aot]"'),
    ],
)
def test_errors_take_one_line(recommender, words, error, monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda *_: None)
    for name, value in {"JAX_PLATFORMS": "cpu", "JAX_ENABLE_COMPILATION_CACHE": "true"}.items():
        monkeypatch.setenv(name, value)  # which is set back afterwards
    assert main(["aot", *recommender, *words]) == 2
    assert error in capsys.readouterr().err

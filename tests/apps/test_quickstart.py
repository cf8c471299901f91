"""The quickstart's journey with a dozen films and three steps: all of it, again, and after being cut short."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from timesuite_jax import param_tree, port
from timesuite_jax.apps import quickstart
from timesuite_jax.errors import UserError
from timesuite_jax.port.files import open_layers
from timesuite_jax.registry.load import load_run
from timesuite_jax.registry.ports import PORTS

RECIPE = dataclasses.replace(quickstart.RECIPE, videos=12, steps=3, batch_size=8, test_videos=4)
COMPARED = (
    "r1_iou_0.5", "constant_r1_iou_0.5", "random_r1_iou_0.5", "foreign_frames_r1_iou_0.5",
    "rescaled_stamps_r1_iou_0.5", "asked_r1_iou_0.5", "other_r1_iou_0.5",
    "r1_iou_0.3", "r1_iou_0.7", "miou", "parse_failures",
)  # fmt: skip


@pytest.fixture(scope="module")
def journey(tmp_path_factory):
    """A work folder and what the first run in it ended with."""
    folder = tmp_path_factory.mktemp("quickstart")
    return folder, quickstart.run(folder, RECIPE, seed=1, quiet=True)


def test_figures_and_files(journey):
    folder, outcome = journey
    metrics = outcome.scores.metrics
    assert set(COMPARED) <= metrics.keys() and metrics["n"] == 4 and metrics["asked_n"] == 4
    assert all(np.isfinite(value) for value in metrics.values())
    assert json.loads((folder / "results.json").read_text()) == outcome.as_json()
    assert (folder / "timeline.png").read_bytes().startswith(b"\x89PNG")
    assert list(outcome.seconds) == ["films", "training", "answering", "drawing", "exporting"]


def test_export_is_what_was_trained(journey):
    folder, outcome = journey
    model = PORTS["videochat_t"]
    loaded = port.load(model, open_layers(model, [outcome.files["export"]])).params
    _, params = load_run(folder / "run")
    for path, leaf in param_tree.leaves_with_paths(params):
        np.testing.assert_array_equal(dict(param_tree.leaves_with_paths(loaded))[path], leaf)
    assert outcome.exported["identical"] and outcome.exported["tensors"] > 50


def test_held_out_films_are_not_the_training_films(journey):
    folder, _ = journey
    films = {
        name: {file.read_bytes() for file in (folder / name / "videos").iterdir()}
        for name in ("train", "one_object", "two_objects")
    }
    assert [len(films[name]) for name in films] == [12, 4, 2]
    assert not films["train"] & (films["one_object"] | films["two_objects"])


def test_again_gives_the_same_and_makes_nothing_anew(journey):
    folder, outcome = journey
    kept = [*folder.rglob("*.mp4"), *folder.rglob("*.tfrecord"), *(folder / "run/checkpoints").rglob("*")]
    before = {file: file.stat().st_mtime_ns for file in kept if file.is_file()}
    again = quickstart.run(folder, RECIPE, seed=1, quiet=True)
    assert again.scores.metrics == outcome.scores.metrics
    assert {file: file.stat().st_mtime_ns for file in before} == before


def test_goes_on_after_being_killed(journey, tmp_path):
    """What a kill leaves: a corpus without its info file, no results, no checkpoint that is complete."""
    folder, outcome = journey
    shutil.copytree(folder, tmp_path / "killed")
    for lost in ("one_object/dataset_info.json", "results.json", "timeline.png", "videochat_t.safetensors"):
        (tmp_path / "killed" / lost).unlink()
    (checkpoint,) = (tmp_path / "killed/run/checkpoints").iterdir()
    checkpoint.rename(checkpoint.with_name(f"{checkpoint.name}.orbax-checkpoint-tmp"))
    again = quickstart.run(tmp_path / "killed", RECIPE, seed=1, quiet=True)
    assert again.scores.metrics == outcome.scores.metrics
    assert (tmp_path / "killed/results.json").is_file()


def test_another_recipe_or_seed_is_refused(journey):
    folder, _ = journey
    for recipe, seed in ((dataclasses.replace(RECIPE, steps=4), 1), (RECIPE, 2)):
        with pytest.raises(UserError, match="holds a quickstart with other options; give another --workdir"):
            quickstart.run(folder, recipe, seed=seed, quiet=True)


def test_a_damaged_note_is_told(tmp_path):
    (tmp_path / "quickstart.json").write_text("{")
    with pytest.raises(UserError, match=r"quickstart\.json is damaged"):
        quickstart.run(tmp_path, RECIPE, seed=0, quiet=True)


def test_table_names_every_comparison(journey, capsys):
    from rich.console import Console

    quickstart.print_outcome(journey[1], Console(width=120))
    out = capsys.readouterr().out
    for words in ("best constant answer", "frames of another film", "rescaled time stamps", "the one asked for"):
        assert words in out

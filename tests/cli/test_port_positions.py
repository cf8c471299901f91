"""`timesuite port import` interpolates position embeddings with the frames that are given, and never without."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.support.encoder_files import encoder_options
from tests.support.paths import ROOT
from timesuite_jax.cli.main import main
from timesuite_jax.port.resized_positions import resize_positions

CONFIG = f"{ROOT}/configs/internvideo2/encoder.py:debug"  # 4 frames of 2 x 2 patches
EIGHT = ["--config", CONFIG, "--config.model.num_frames=8", "--config.model.image_size=42"]


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    encoder_options(folder)
    return str(folder / "encoder.safetensors")


def run(capsys, *words) -> tuple[int, str, str]:
    code = main(["port", "import", *map(str, words)])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize("given", ["--position-frames=4", "--config.weights.position_frames=4"])
def test_positions_are_interpolated(weights, tmp_path, capsys, given):
    code, _, err = run(capsys, weights, "--out", tmp_path / "eight", *EIGHT, given)
    assert code == 0, err
    assert main(["port", "export", str(tmp_path / "eight"), "--out", str(tmp_path / "back.safetensors")]) == 0
    old, new = load_file(weights), load_file(tmp_path / "back.safetensors")
    expected = resize_positions(old["pos_embed"], old_frames=4, frames=8, grid=3)
    np.testing.assert_array_equal(new.pop("pos_embed"), expected)
    assert all(new[name].tobytes() == old[name].tobytes() for name in new)
    assert json.loads((tmp_path / "back.safetensors").with_name("config.json").read_text())["model"]["num_frames"] == 8


def test_they_are_not_without_and_the_error_names_the_option(weights, tmp_path, capsys):
    code, _, err = run(capsys, weights, "--out", tmp_path / "eight", *EIGHT)
    assert code == 2 and "pos_embed: [1, 17, 32], wanted [1, 73, 32]" in err and "--position-frames" in err


def test_a_number_that_is_not_the_files_is_refused_before_anything_is_written(weights, tmp_path, capsys):
    code, _, err = run(capsys, weights, "--out", tmp_path / "eight", *EIGHT, "--position-frames", 3)
    assert code == 2 and not (tmp_path / "eight").exists()
    assert "pos_embed: position embeddings of 16 patches are not those of 3 square frames" in err
    assert "--position-frames" in err


def test_without_a_config_there_is_nothing_to_interpolate_to(weights, tmp_path, capsys):
    code, _, err = run(capsys, weights, "--out", tmp_path / "same", "--position-frames", 4)
    assert code == 2 and "give --config" in err
    assert run(capsys, weights, "--out", tmp_path / "same", "--model", "internvideo2_encoder")[0] == 0


def test_a_model_without_such_positions(weights, tmp_path, capsys):
    config = f"{ROOT}/configs/mqsa_ted/beauty.py:debug"
    code, _, err = run(capsys, weights, "--out", tmp_path / "x", "--config", config, "--position-frames", 4)
    assert code == 2 and "position embeddings of mqsa_ted models are not interpolated; remove the option" in err

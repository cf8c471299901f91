"""Synthetic actions: the shape moves as the label has it, and the same seed gives the same videos."""

import numpy as np
import pytest

from timesuite_jax.cli.main import main
from timesuite_jax.data.corpora import Mixture, corpus_shares, read_info
from timesuite_jax.data.synthetic import make_action_corpus
from timesuite_jax.data.synthetic.actions import DIRECTIONS, action_video


@pytest.mark.parametrize("name", DIRECTIONS)
def test_the_shape_moves_in_its_direction(name):
    steps = np.asarray(DIRECTIONS[name])
    for seed in range(5):
        video = action_video(DIRECTIONS[name], 32, np.random.default_rng(seed)).astype(int)
        inside = np.abs(video - video[:, :1, :1]).sum(axis=-1) > 0  # the corner is background
        centres = np.stack([np.argwhere(frame).mean(axis=0) for frame in inside])
        moved = np.diff(centres, axis=0)
        assert (moved @ steps >= 0).all() and (centres[-1] - centres[0]) @ steps > 32 * 0.4
        np.testing.assert_allclose(moved[:, steps == 0], 0.0, atol=1e-9)


def test_a_corpus_has_labels_and_names(tmp_path):
    for folder in ("a", "b"):
        make_action_corpus(tmp_path / folder, "c", 6, seed=3)
    assert main(["data", "synthetic", "--actions", "--out", str(tmp_path / "d"), "--videos", "5", "--seed", "3"]) == 0
    assert read_info(tmp_path / "d").classes == tuple(DIRECTIONS) and len(read_info(tmp_path / "d")) == 5
    one, other, third = (Mixture(corpus_shares([str(tmp_path / folder)])) for folder in "abd")
    for number in range(5):
        assert one.read(number) == other.read(number)
        assert one.read(number).video == third.read(number).video and third.read(number).directional
        assert one.read(number).label == number % 4


def test_a_corpus_of_captions_has_a_vocabulary(tmp_path):
    folder = tmp_path / "captions"
    assert main(["data", "synthetic", "--captions", "--out", str(folder), "--videos", "3"]) == 0
    mixture = Mixture(corpus_shares([str(folder)]))
    vocabulary = set((folder / "vocab.txt").read_text().split())
    captions = [mixture.read(number).turns[0].answer for number in range(3)]
    assert len(set(captions)) == 3
    assert all(set(caption.lower().rstrip(".").split()) <= vocabulary for caption in captions)
    assert main(["data", "synthetic", "--captions", "--out", str(tmp_path / "other"), "--videos", "3"]) == 0
    other = Mixture(corpus_shares([str(tmp_path / "other")]))
    assert [other.read(number).video for number in range(3)] == [mixture.read(number).video for number in range(3)]

"""Videos of events: the class is in the order of frames alone, and corpora have the labels of their list."""

import itertools

import numpy as np
import pytest

from timesuite_jax.data.corpora import CorpusShare, Mixture, read_info
from timesuite_jax.data.synthetic import ORDERED_EVENTS, SINGLE_EVENTS, EventVideos, make_event_corpus
from timesuite_jax.errors import UserError

SEEDS = range(5)


def draw(kind: EventVideos, seed: int, **attributes: str) -> np.ndarray:
    """The video of the class with these attributes."""
    values = zip(*kind.attributes.values(), strict=True)
    label = list(values).index(tuple(attributes[name] for name in kind.attributes))
    return kind.draw(label, 32, np.random.default_rng(seed))


def frame_set(video: np.ndarray) -> list[bytes]:
    """The frames without their order."""
    return sorted(frame.tobytes() for frame in video)


@pytest.mark.parametrize("speed", ["speeds up", "slows down"])
@pytest.mark.parametrize("seed", SEEDS)
def test_order_and_direction_are_not_in_the_set_of_frames(speed, seed):
    found = [
        draw(ORDERED_EVENTS, seed, order=order, direction=direction, speed=speed)
        for order, direction in itertools.product(("square first", "disc first"), ("right", "left"))
    ]
    assert len({frames.tobytes() for frames in found}) == 4
    assert len({tuple(frame_set(frames)) for frames in found}) == 1


@pytest.mark.parametrize(("one", "other"), [("down", "up"), ("right", "left")])
@pytest.mark.parametrize("seed", SEEDS)
def test_backwards_an_event_is_one_of_the_opposite_class(one, other, seed):
    faster = draw(SINGLE_EVENTS, seed, direction=one, speed="speeds up")
    slower = draw(SINGLE_EVENTS, seed, direction=other, speed="slows down")
    np.testing.assert_array_equal(faster[::-1], slower)
    assert (faster != slower).any()


def test_the_direction_of_the_disc_is_independent_of_its_speed():
    """Otherwise the end near which most of its places are would show whether it speeds up."""

    def moves_down(seed: int, speed: str) -> bool:
        half = draw(ORDERED_EVENTS, seed, order="disc first", direction="right", speed=speed)[:12].astype(int)
        inside = np.abs(half - half[:, :1, :1]).sum(axis=-1) > 0  # the corner is background
        return np.argwhere(inside[-1])[:, 0].mean() > np.argwhere(inside[0])[:, 0].mean()

    down = {speed: [moves_down(seed, speed) for seed in range(40)] for speed in ("speeds up", "slows down")}
    assert down["speeds up"] == down["slows down"]  # drawn from the seed alone
    assert {True, False} == set(down["speeds up"])


def test_a_corpus_has_the_labels_of_its_list(tmp_path):
    info = make_event_corpus(tmp_path / "events", ORDERED_EVENTS, 9, seed=3, size=32, quiet=True)
    assert len(info) == 9 and read_info(tmp_path / "events").classes == ORDERED_EVENTS.classes
    mixture = Mixture([CorpusShare(str(tmp_path / "events"))])
    records = [mixture.read(number) for number in range(9)]
    assert [record.label for record in records] == [number % 8 for number in range(9)]
    assert (tmp_path / "events/labels.csv").read_text().splitlines()[8] == f"000008.mp4,{ORDERED_EVENTS.classes[0]}"
    with pytest.raises(UserError, match="already holds a corpus"):
        make_event_corpus(tmp_path / "events", ORDERED_EVENTS, 9, seed=3, size=32, quiet=True)

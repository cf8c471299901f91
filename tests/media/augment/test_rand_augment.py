"""RandAugment: the notation, the strength of every operation, and that all frames of a clip are changed alike."""

import numpy as np
import pytest
from PIL import Image

from timesuite_jax.errors import UserError
from timesuite_jax.media.augment import RandAugment, parse_rand_augment
from timesuite_jax.media.augment.image_ops import INCREASING_OPS, PLAIN_OPS


class Sign:
    """A generator whose draws give one sign: above 0.5 is minus."""

    def __init__(self, sign: int):
        self._sign = sign

    def random(self) -> float:
        return 0.9 if self._sign < 0 else 0.1


@pytest.fixture
def frames() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (4, 24, 32, 3), np.uint8)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("rand-m7-n4-mstd0.5-inc1", RandAugment(7, 4, 0.5, True)),
        ("rand-m5-n2-mstd0.25-inc1", RandAugment(5, 2, 0.25, True)),
        ("rand-n3-m9", RandAugment(9, 3, 0.0, False)),
        ("rand", RandAugment(10, 2, 0.0, False)),
        ("rand-inc0", RandAugment()),
    ],
)
def test_notation(text, expected):
    assert parse_rand_augment(text) == expected


@pytest.mark.parametrize(
    "text, problem",
    [
        ("augmix-m3", "is not made of rand"),
        ("rand-x3", "is not made of rand"),
        ("rand-m3-m4", "is not made of rand"),
        ("rand--m3", "is not made of rand"),
        ("rand-m3-", "is not made of rand"),
        ("rand-m11", "magnitude above 10"),
        ("rand-n2.5", "no whole number"),
        ("rand-inc2", "no whole number, or inc above 1"),
    ],
)
def test_other_notations_are_errors(text, problem):
    with pytest.raises(UserError, match=problem):
        parse_rand_augment(text)


@pytest.mark.parametrize(
    "name, level, sign, argument",
    [
        ("rotate", 7, 1, 21.0),
        ("rotate", 7, -1, -21.0),
        ("shear_x", 10, 1, 0.3),
        ("translate_y", 5, -1, -0.225),
        ("posterize", 7, 1, 2),  # 4 - int(2.8)
        ("posterize", 10, 1, 0),
        ("posterize", 0, 1, 4),
        ("solarize", 7, 1, 77),  # 256 - int(179.2)
        ("solarize", 0, 1, 256),
        ("solarize_add", 7, 1, 77),
        ("color", 7, 1, 1.63),
        ("brightness", 7, -1, 0.37),
        ("contrast", 0, -1, 1.0),
    ],
)
def test_arguments_of_increasing_operations(name, level, sign, argument):
    assert INCREASING_OPS[name].argument(level, Sign(sign)) == pytest.approx(argument)


@pytest.mark.parametrize(
    "name, level, argument", [("posterize", 7, 2), ("posterize", 10, 4), ("solarize", 7, 179), ("color", 10, 1.9)]
)
def test_arguments_of_plain_operations(name, level, argument):
    assert PLAIN_OPS[name].argument(level, Sign(1)) == pytest.approx(argument)


IDENTITY = {"rotate", "shear_x", "shear_y", "translate_x", "translate_y", "solarize", "solarize_add", "color",
            "contrast", "brightness", "sharpness"}  # fmt: skip
ARGUMENT_FREE = {"auto_contrast", "equalize", "invert"}


def test_the_tables_have_timms_operations_in_its_order():
    order = ["auto_contrast", "equalize", "invert", "rotate", "posterize", "solarize", "solarize_add", "color",
             "contrast", "brightness", "sharpness", "shear_x", "shear_y", "translate_x", "translate_y"]  # fmt: skip
    assert list(INCREASING_OPS) == list(PLAIN_OPS) == order
    assert set(order) == IDENTITY | ARGUMENT_FREE | {"posterize"}


@pytest.mark.parametrize("name", sorted(IDENTITY))
def test_magnitude_0_of_an_increasing_operation_changes_nothing(name, frames):
    op = INCREASING_OPS[name]
    image = Image.fromarray(frames[0])
    np.testing.assert_array_equal(np.asarray(op.apply(image, op.argument(0.0, Sign(1)))), frames[0])


@pytest.mark.parametrize("name", sorted(INCREASING_OPS))
def test_every_operation_changes_a_frame_at_the_usual_magnitude(name, frames):
    for ops in (INCREASING_OPS, PLAIN_OPS):
        image = Image.fromarray((frames[0] * 0.9).astype(np.uint8) + 10)  # with room for auto contrast
        out = np.asarray(ops[name].apply(image, ops[name].argument(7.0, Sign(1))))
        assert out.shape == frames[0].shape and out.dtype == np.uint8
        assert np.any(out != np.asarray(image))


def flat(*levels: int) -> Image.Image:
    """A row of grey pixels."""
    return Image.fromarray(np.repeat(np.array([levels], np.uint8)[..., None], 3, axis=-1))


@pytest.mark.parametrize(
    "name, argument, before, after",
    [
        ("invert", 0, [0, 100, 255], [255, 155, 0]),
        ("posterize", 2, [0, 63, 64, 200, 255], [0, 0, 64, 192, 192]),
        ("posterize", 0, [0, 200], [0, 0]),
        ("solarize", 77, [0, 76, 77, 255], [0, 76, 178, 0]),
        ("solarize_add", 77, [0, 100, 127, 128, 250], [77, 177, 204, 128, 250]),
        ("brightness", 0.5, [0, 100, 201], [0, 50, 100]),
        ("color", 0.1, [0, 100, 255], [0, 100, 255]),  # grey has no colour
        ("auto_contrast", 0, [50, 100, 150], [0, 127, 255]),
        ("translate_x", 0.25, [10, 20, 30, 40], [20, 30, 40, 128]),
        ("translate_x", -0.5, [10, 20, 30, 40], [128, 128, 10, 20]),
    ],
)
def test_known_results(name, argument, before, after):
    out = np.asarray(INCREASING_OPS[name].apply(flat(*before), argument))
    assert out[0, :, 0].tolist() == after and np.all(out[..., :1] == out)


def test_a_quarter_turn_of_operations_that_move_pixels():
    square = np.zeros((5, 5, 3), np.uint8)
    square[0, 4] = 255
    turned = np.asarray(INCREASING_OPS["rotate"].apply(Image.fromarray(square), 90))
    assert turned[0, 0, 0] == 255 and turned.sum() == 3 * 255  # counter-clockwise
    column = np.zeros((3, 9, 3), np.uint8)
    column[:, 6] = 200
    sheared = np.asarray(INCREASING_OPS["shear_x"].apply(Image.fromarray(column), 2.0))
    assert [int(row.argmax()) for row in sheared[..., 0] == 200] == [5, 3, 1]  # 2 * 0.5, 2 * 1.5, 2 * 2.5 to the left


def test_one_draw_for_all_frames(frames):
    still = np.repeat(frames[:1], 4, axis=0)
    augment = parse_rand_augment("rand-m7-n4-mstd0.5-inc1")
    changed = 0
    for seed in range(40):
        out = augment(still, np.random.default_rng(seed))
        assert np.all(out == out[:1]) and out.dtype == np.uint8 and out.shape == still.shape
        np.testing.assert_array_equal(out, augment(still, np.random.default_rng(seed)))
        changed += bool(np.any(out != still))
    assert changed > 25  # 1 in 16 clips gets no operation; 40 * 15/16 = 37.5 with a standard deviation of 1.5


def test_operations_are_drawn_evenly_and_half_of_them_applied(frames, monkeypatch):
    applied: list[str] = []
    for name, op in INCREASING_OPS.items():
        changed = type(op)(op.argument, lambda image, argument, name=name: applied.append(name) or image)
        monkeypatch.setitem(INCREASING_OPS, name, changed)
    rng, augment = np.random.default_rng(0), RandAugment(7, 4, 0.5, True)
    for _ in range(3000):
        augment(frames[:1], rng)
    assert abs(len(applied) - 6000) < 4 * np.sqrt(12000 / 4)
    share = np.array([applied.count(name) for name in INCREASING_OPS]) / len(applied)
    np.testing.assert_allclose(share, 1 / 15, atol=4 * np.sqrt(1 / 15 / 6000))


def test_the_magnitude_varies_and_is_limited(frames, monkeypatch):
    levels: list[float] = []
    for name, op in INCREASING_OPS.items():
        monkeypatch.setitem(INCREASING_OPS, name, type(op)(lambda level, _: levels.append(level) or 0.0, op.apply))
    rng, augment = np.random.default_rng(0), RandAugment(9.5, 4, 0.5, True)
    for _ in range(1000):
        augment(frames[:1, :2, :2], rng)
    limited = np.array(levels)
    assert limited.max() == 10 and abs(np.mean(limited == 10) - 0.1587) < 0.04  # beyond one standard deviation
    below = limited[limited < 9.5]
    assert abs(below.mean() - (9.5 - 0.5 * np.sqrt(2 / np.pi))) < 0.05

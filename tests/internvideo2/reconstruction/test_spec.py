"""Models that do not go together, one clear sentence each."""

import pytest

from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.model import model_spec
from timesuite_jax.internvideo2.reconstruction import ReconstructionConfig

STUDENT = {"variant": "debug", "return_layers": (-2, -1)}
TEACHER = {"variant": "debug", "num_frames": 1, "return_layers": (-2, -1)}
MAE = {"variant": "debug"}


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"student": STUDENT}, "model.teacher=None is not a mapping"),
        ({"student": STUDENT, "teacher": 3}, "model.teacher=3 is not a mapping"),
        ({"student": {"variant": "debgu"}, "teacher": TEACHER}, "'debgu' is unknown"),
        ({"student": STUDENT, "teacher": {**TEACHER, "return_layers": (-1,)}}, "names 2 blocks and model.teacher.* 1"),
        ({"student": {**STUDENT, "return_layers": ()}, "teacher": TEACHER}, "names 0 blocks"),
        ({"student": STUDENT, "teacher": {**TEACHER, "num_frames": 2}}, "model.teacher.num_frames=2 differs"),
        ({"student": STUDENT, "teacher": {**TEACHER, "image_size": 42}}, "model.teacher has 3x3 patches a frame"),
        ({"student": STUDENT, "teacher": TEACHER, "mae_return_layers": (-1,)}, "needs model.mae_teacher"),
        ({"student": STUDENT, "teacher": TEACHER, "mae_teacher": MAE}, "model.mae_return_layers names 0 blocks"),
        (
            {"student": STUDENT, "teacher": TEACHER, "mae_return_layers": (-9, -1), "mae_teacher": MAE},
            "must ascend and be within",
        ),
        (
            {
                **{"student": STUDENT, "teacher": TEACHER, "mae_return_layers": (-2, -1)},
                "mae_teacher": {**MAE, "num_frames": 4},
            },
            "model.mae_teacher.num_frames=4 must be mae_teacher.tubelet=2 times model.student.num_frames=4",
        ),
        ({"student": STUDENT, "teacher": TEACHER, "decoder": "lineal"}, "'lineal' is unknown"),
    ],
)
def test_models_that_do_not_work_are_rejected(model, message):
    with pytest.raises(UserError, match=message):
        model_spec(model)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"data": {"corpora": ("x",), "batch_size": 2, "num_frames": 4}},
            "data.num_frames=4 differs from the model's 8",
        ),
        ({"mask": {"ratio": 1.0}}, "hides all patches"),
        ({"los": {}}, "config.los is unknown; did you mean 'loss'"),
        ({"loss": {"pooled": -1.0}}, "loss.pooled=-1.0 must be at least 0"),
    ],
)
def test_configs_that_do_not_work_are_rejected(changes, message):
    model = {"student": STUDENT, "teacher": TEACHER, "mae_return_layers": (-2, -1), "mae_teacher": MAE}
    with pytest.raises(UserError, match=message):
        ReconstructionConfig.from_config({"model": model, "data": {"corpora": ("x",), "batch_size": 2}, **changes})

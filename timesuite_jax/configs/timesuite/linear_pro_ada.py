"""Stage B of VideoChat-T: 128 frames, with TAPE (upstream's config_LinearProAda); the released model.

    timesuite train configs/timesuite/linear_pro_ada.py:v5e-256 --workdir gs://my-bucket/linear_pro_ada

`:debug` and the TPU presets are those of linear_p.py. It starts from stage A's checkpoint after the first epoch,
exported or upstream's ckpt_00.pth; the projections are loaded unchanged, because without TAPE they do not depend on the
number of frames.
"""

from ml_collections import ConfigDict

from timesuite_jax.configs.timesuite.linear_p import SAMPLES, VARIANTS, make_small
from timesuite_jax.configs.timesuite.linear_p import get_config as linear_p
from timesuite_jax.configs.variants import check_variant

EPOCHS = 2


def get_config(arg: str | None = None) -> ConfigDict:
    check_variant(arg, VARIANTS)
    config = linear_p(None if arg == "debug" else arg)
    steps = SAMPLES // config.data.batch_size
    config.model.update(num_frames=128, tape=True, tape_clips=16)  # with other num_frames, TAPE is interpolated from 16
    config.weights.files = (*config.weights.files, "timesuite=downloads/linear_p/ckpt_00.pth")
    config.weights.expect_missing = ("temp_adap*",)  # new in this stage; its output is zero at first
    config.data.buckets = (1024, 1408)  # 384 visual tokens and 1,024 of text
    config.training.update(total_steps=steps * EPOCHS, eval_every=steps)
    config.training.optimizer.update(learning_rate=1.5e-5, warmup_steps=0.05 * steps, min_lr_ratio=0.2)
    return make_small(config) if arg == "debug" else config

"""Stage 1 of InternVideo2-6B (upstream's `scripts/pretraining/6B_pt.sh`); see pretrain_1b.py.

    timesuite train configs/internvideo2/pretrain_6b.py:v6e-256 --workdir gs://my-bucket/pretrain_6b

`:v5p-128` and `:v6e-256` are the presets of TPUs, see pods.py.
"""

from ml_collections import ConfigDict

from timesuite_jax.configs.internvideo2.pods import PODS_6B as PODS
from timesuite_jax.configs.internvideo2.pretrain_1b import pretrain_config, small_config
from timesuite_jax.configs.internvideo2.reconstruction import K_MASH, Schedule
from timesuite_jax.configs.variants import check_variant

SCHEDULE = Schedule(batch=2048, rate=1.5e-4, epochs=301, warmup=40, clip_norm=3.0)  # 256 GPUs of 8 clips
VARIANTS = ("debug", *PODS)


def get_config(arg: str | None = None) -> ConfigDict:
    check_variant(arg, VARIANTS)
    config = pretrain_config("6b", 0.3, SCHEDULE)
    config.data.corpora = (*K_MASH, "data/k_mash_web")  # 844K videos that upstream collected, and did not release
    if arg in PODS:
        PODS[arg].place(config)
    return small_config(config) if arg == "debug" else config

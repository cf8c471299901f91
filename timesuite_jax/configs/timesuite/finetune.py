"""Stage C of VideoChat-T: fine-tuning on grounding only (upstream's config_LinearProAdaFT).

    timesuite train configs/timesuite/finetune.py:v5e-256 --workdir gs://my-bucket/finetune

On one chip with 16 GB, one video at a time, with the language model's frozen kernels in 8 bits (docs/quantization.md):

    timesuite train configs/timesuite/finetune.py:one_chip --workdir /data/finetune

`:debug` and the TPU presets are those of linear_p.py. For your own videos, `timesuite finetune --weights released`
starts from this config; to train on a pod, copy this file, name your corpora in `config.data.corpora` and set SAMPLES.
"""

from ml_collections import ConfigDict

from timesuite_jax.configs.timesuite.linear_p import VARIANTS, make_small
from timesuite_jax.configs.timesuite.linear_pro_ada import get_config as linear_pro_ada
from timesuite_jax.configs.variants import check_variant

# Charades-STA 12,408, QVHighlights 6,858, ANet-HL2 10,340, YouCook2 clips 8,645.
SAMPLES = 38_251
EPOCHS = 5


def get_config(arg: str | None = None) -> ConfigDict:
    check_variant(arg, (*VARIANTS, "one_chip"))
    config = linear_pro_ada(None if arg in ("debug", "one_chip") else arg)
    steps = SAMPLES // config.data.batch_size
    config.weights.files = (*config.weights.files[:-1], "timesuite=downloads/timesuite.pth")
    config.weights.expect_missing = ()
    config.data.corpora = ("finetune_grounding@data",)  # upstream's four corpora, each in a folder of data/
    config.evaluation.corpora = ("data/charades_test",)
    config.training.update(total_steps=steps * EPOCHS, eval_every=steps)
    config.training.optimizer.update(learning_rate=1e-5, warmup_steps=0.1 * steps, min_lr_ratio=0.1)
    if arg == "one_chip":
        config.model.mistral.weight_format = "int8"
        config.model.qformer.remat = "full"  # the products of its layers take 1.1 GB
        config.training.accumulate = config.data.batch_size  # the gradient of the whole batch, one video at a time
    if arg == "debug":
        config.evaluation.corpora = ()
        return make_small(config)
    return config

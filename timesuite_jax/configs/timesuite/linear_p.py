"""Stage A of VideoChat-T: 192 frames, no TAPE (upstream's config_LinearP).

    timesuite train configs/timesuite/linear_p.py:v5e-256 --workdir gs://my-bucket/linear_p

The part after the colon names a TPU preset of pods.py; without it, the batch is upstream's 32, on all devices. On a
laptop, with a synthetic corpus:

    timesuite data synthetic --out data/debug
    timesuite train configs/timesuite/linear_p.py:debug --workdir runs/debug
"""

from ml_collections import ConfigDict

from timesuite_jax.configs.timesuite.pods import PODS
from timesuite_jax.configs.variants import check_variant

# TimePro's nine tasks. Upstream adds "normal" conversations, without stating their number: with those, increase this,
# since the schedule below counts in epochs.
SAMPLES = 349_565
BATCH = 32  # upstream: 2 nodes x 8 GPUs x 2; half of it halves the score of this kind of model; see pods.py
DEBUG_CORPUS = "data/debug"  # also contains the tokenizer
VARIANTS = ("debug", *PODS)
EPOCHS = 3  # of the schedule; stage B starts from the checkpoint after the first


def get_config(arg: str | None = None) -> ConfigDict:
    check_variant(arg, VARIANTS)
    pod = PODS.get(arg or "")
    batch = pod.batch if pod else BATCH
    steps = SAMPLES // batch
    config = ConfigDict()
    config.task = "videochat_t"
    config.model = ConfigDict(
        {
            "variant": "released",
            "num_frames": 192,
            "tape": False,
            # VideoChat2's checkpoints were trained with 1.0 in every channel of position 0.
            "bos": "ones",
            # They were trained with clip texts padded on the left. Upstream pads to the longest text of a batch
            # ("left_per_batch"), which makes a sample's features depend on its neighbours; this does not.
            "clip_text_padding": "left_per_video",
            # Frozen, so bfloat16 storage loses nothing. Attention: "auto" chooses the fastest one on the device.
            "vision": {"dtype": "bfloat16", "param_dtype": "bfloat16", "attention": "auto"},
            "qformer": {"dtype": "bfloat16", "remat": "dots"},
            "mistral": {
                "dtype": "bfloat16",
                "param_dtype": "bfloat16",
                "weight_format": "float",
                "remat": "full",
                "attention": "auto",
            },
        }
    )
    config.text = ConfigDict(
        {"tokenizer": "downloads/Mistral-7B-Instruct-v0.2", "clip_tokenizer": "downloads/bert-base-uncased"}
    )
    config.weights = ConfigDict(
        {
            # In upstream's loading order; merge_proj is derived from VideoChat2's projection while loading.
            "files": (
                "umt=downloads/umt_l16_qformer.pth",
                "mistral=downloads/Mistral-7B-Instruct-v0.2",
                "videochat2=downloads/videochat2_mistral_7b_stage3.pth",
            ),
            # New in this stage; initialised as the identity.
            "expect_missing": ("clip_proj*",),
            "expect_unused": (),
        }
    )
    config.data = ConfigDict(
        {
            "corpora": ("timepro_normal@data",),  # upstream's twenty corpora, each in a folder of data/
            "corpus_weights": (),  # shares of an epoch's samples; none: each record once
            "batch_size": batch,
            # 576 visual tokens and 1,536 of text, as upstream after 1,024 had truncated answers; short batches use
            # the program of the shorter bucket.
            "buckets": (1600, 2112),
            "clip_text_length": 64,
            "sampling": "random",
            "transform": "default",
            # As upstream. With "independent" questions do not see each other's answers; it needs attention without
            # TPU kernels.
            "turns": "shuffled",
            "threads": 32,
        }
    )
    config.evaluation = ConfigDict({"corpora": (), "batch_size": 8, "max_new_tokens": 64, "protocol": "default"})
    config.training = ConfigDict(
        {
            "total_steps": steps * EPOCHS,
            "interval": "step",  # unit of log_every, eval_every and save_every
            "epochs": 0.0,  # length in passes over data.corpora, instead of total_steps
            "seed": 42,
            "save_every": 1000,
            "keep": 3,
            "eval_every": steps,
            "best": "",  # metric of the evaluations, e.g. "charades_test/miou": its best checkpoint is kept, too
            "patience": 0,
            "log_every": 20,
            "profile_at": 5,
            "process_timeout": 300.0,
            "accumulate": 1,
            "optimizer": {
                "learning_rate": 2e-5,
                "warmup_steps": 0.6 * steps,
                "min_lr_ratio": 0.25,
                "clip_norm": 1.0,  # upstream does not clip; fp16's loss scaling hid its spikes
            },
            # The 7B language model is sharded over the chips, as are batches.
            "mesh": {"replica": 1, "data": 1, "fsdp": -1, "tensor": 1},
        }
    )
    if pod:
        config.training.mesh.update(replica=pod.slices, data=-1, fsdp=pod.fsdp)
        config.model.mistral.remat = pod.remat
        config.training.accumulate = pod.accumulate
    return make_small(config) if arg == "debug" else config


def make_small(config: ConfigDict) -> ConfigDict:
    """A variant for laptops with all parts of a stage: a minute on a CPU, on videos of `timesuite data synthetic`."""
    tape = config.model.tape
    config.model = ConfigDict(
        {
            "variant": "debug",
            "num_frames": 32,
            "tape": tape,
            "mistral": {"vocab": 640, "weight_format": "float"},
            "qformer": {"vocab": 640},
        }
    )
    config.text.update(tokenizer=DEBUG_CORPUS, clip_tokenizer=DEBUG_CORPUS)
    config.weights = ConfigDict({"files": (), "expect_missing": (), "expect_unused": ()})
    config.trained = ("*",)  # nothing is pretrained, so nothing is frozen
    config.data.update(corpora=(DEBUG_CORPUS,), batch_size=8, buckets=(256, 384), threads=2)
    config.training.update(total_steps=20, save_every=20, eval_every=0, log_every=5, profile_at=0)
    config.training.optimizer.update(learning_rate=1e-3, warmup_steps=5.0)
    config.training.mesh.update(data=-1, fsdp=1)
    return config

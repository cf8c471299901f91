"""Moment retrieval and highlight detection with a small head on extracted features.

    timesuite features data/qvhighlights/videos --out data/qvhighlights/features --window 2 --stride 2 \\
        --config configs/internvideo2/encoder.py:1b --config.weights.files="('downloads/InternVideo2-stage2_1b.pt',)"
    timesuite train configs/internvideo2/grounding.py --workdir runs/grounding
    timesuite evaluate --workdir runs/grounding --data data/qvhighlights/highlight_test_release.jsonl \\
        --predictions submission.jsonl

Sizes, losses and schedule are those of Moment-DETR (arXiv:2107.09609) on QVHighlights. `:debug` is a small head that
trains in seconds. Features of queries are hashed words (`data.queries="hashed"`), of which training has to learn the
meaning; "minilm" is a sentence encoder (model.query_width=384), and a folder has files of another text encoder.
"""

from ml_collections import ConfigDict

from timesuite_jax.configs.variants import check_variant

VARIANTS = ("debug",)
FOLDER = "data/qvhighlights"


def get_config(arg: str | None = None) -> ConfigDict:
    check_variant(arg, VARIANTS)
    config = ConfigDict(
        {
            "task": "internvideo2_grounding",
            # 768 is the width of the pooled features of every released encoder.
            "model": {"video_width": 768, "query_width": 256, "width": 256, "heads": 8, "hidden": 1024,
                      "encoder_layers": 2, "decoder_layers": 2, "spans": 10, "input_dropout": 0.5, "dropout": 0.1},
            "loss": {"l1": 10.0, "giou": 1.0, "foreground": 4.0, "background": 0.1, "saliency": 1.0, "margin": 0.2},
            "data": {
                "train": f"{FOLDER}/highlight_train_release.jsonl",
                "evaluation": f"{FOLDER}/highlight_val_release.jsonl",
                "features": f"{FOLDER}/features",
                "queries": "hashed",
                "batch_size": 32,
                "evaluation_batch_size": 64,
                "max_rows": 75,  # videos of 150 s, one row for 2 s
                "max_words": 32,
                "max_windows": 5,
                "shuffle": True,
                "cache_decoded": False,
                "threads": 16,
            },
            "weights": {"files": ()},
            "training": {
                "epochs": 200.0,
                "total_steps": 0,
                "seed": 0,
                "accumulate": 1,
                "interval": "epoch",
                "log_every": 1,
                "eval_every": 5,
                "save_every": 5,
                "keep": 3,
                "best": "validation/map",
                "patience": 0,
                "profile_at": 0,
                "process_timeout": 300.0,
                "mesh": {"replica": 1, "data": -1, "fsdp": 1, "tensor": 1},
                "optimizer": {
                    "learning_rate": 1e-4,
                    "min_lr_ratio": 1.0,  # constant: the released run is shorter than its first drop
                    "weight_decay": 1e-4,
                    "clip_norm": 0.1,
                },
            },
        }
    )  # fmt: skip
    if arg == "debug":
        config.model.update(video_width=64, query_width=64, width=32, heads=4, hidden=64, encoder_layers=1,
                            decoder_layers=1, spans=4, input_dropout=0.0, dropout=0.0)  # fmt: skip
        config.data.update(batch_size=16, max_words=12, max_windows=2, threads=0, cache_decoded=True)
        config.training.update(epochs=0.0, total_steps=4, interval="step", log_every=2, eval_every=4, save_every=4)
        config.training.optimizer.update(learning_rate=2e-3, min_lr_ratio=0.0, clip_norm=1.0)
    return config

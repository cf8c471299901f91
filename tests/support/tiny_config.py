"""The smallest VideoChat-T with all its parts.

`tests/support/tiny_config.py:FOLDER` trains on the corpus in FOLDER, with the tokenizer stored there. Its answers are
meaningless, but must be the same however a question is asked.
"""

from ml_collections import ConfigDict

MODEL = {
    "variant": "debug",
    "num_frames": 4,
    "vision": {
        "image_size": 16,
        "patch_size": 8,
        "width": 16,
        "depth": 1,
        "return_index": -1,
        "heads": 2,
        "num_frames": 2,
        "ckpt_num_frame": 2,
        "position_table": "native",
        "unroll": True,
    },
    "qformer": {
        "width": 16,
        "layers": 2,
        "heads": 2,
        "hidden": 32,
        "vocab": 192,
        "positions": 32,
        "queries": 16,
        "extra_queries": 16,
        "unroll": True,
    },
    "mistral": {
        "vocab": 192,
        "width": 16,
        "mlp": 32,
        "layers": 1,
        "heads": 2,
        "kv_heads": 1,
        "head_width": 8,
        "unroll": True,
        # With weights of the usual initial size every prompt gets the same answer; these distinguish prompts.
        "embedding_std": 1.0,
    },
}


def get_config(arg: str | None = None) -> ConfigDict:
    return ConfigDict(
        {
            "task": "videochat_t",
            "model": MODEL,
            "weights": {"files": (), "expect_missing": ()},
            "text": {"tokenizer": arg, "clip_tokenizer": arg},
            "data": {
                "corpora": (arg,),
                "batch_size": 8,
                "buckets": (96,),
                "clip_text_length": 32,
                "sampling": "middle",
                "transform": "whole",
                "threads": 1,
                "workers": 0,
            },
            "evaluation": {"corpora": (), "batch_size": 4, "max_new_tokens": 6},
            "training": {
                "total_steps": 2,
                "log_every": 1,
                "optimizer": {"learning_rate": 1e-2},
                "mesh": {"data": -1, "fsdp": 1},
            },
        }
    )

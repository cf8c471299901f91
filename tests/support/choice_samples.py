"""Small made-up files of multiple-choice benchmarks: name of the benchmark -> names and contents of its files."""

import io
import json
from typing import Any

import pyarrow
from pyarrow import parquet


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def parquet_file(*rows: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(list(rows)), file)
    return file.getvalue()


_EGO = {"question": "what is he doing?", **{f"option {number}": f"He does {number}." for number in range(5)}}
_MME = {"question_id": "001-1", "task_type": "Temporal Reasoning", "question": "When?", "answer": "B"}
_GROUPED = {
    "video_id": 7,
    "question": "Which?",
    "options": "\n".join(f"{letter}. Option {letter}" for letter in "ABCDEFGH"),
    "answer": "H",
    "level": 2,
    "group_type": "逻辑链",
    "group_structure": "[1, [2, 3], 4]",
}
_MVBENCH = {"video": "x.mp4", "question": "What then?"}
_MLVU = {"video": "c.mp4", "question": "How many?", "candidates": [1, 2], "answer": 2, "question_type": "count"}
CHOICE_SAMPLES: dict[str, dict[str, bytes]] = {
    "egoschema": {
        "questions.json": _json([{"q_uid": "u1", **_EGO}, {"q_uid": "u2", **_EGO}]),
        "subset_answers.json": _json({"u2": 3}),
    },
    "video_mme": {
        "test.parquet": parquet_file(
            {"video_id": "001", "duration": "short", "videoID": "yt1", **_MME, "options": ["A. Now", "B. Later"]}
        )
    },
    "video_mme_v2": {
        "test.parquet": parquet_file(*({**_GROUPED, "question_id": f"7-{number}"} for number in range(4)))
    },
    "mvbench": {
        "action_sequence.json": _json(
            [{**_MVBENCH, "candidates": ["up", "down"], "answer": "down", "start": 1, "end": 9}],
        ),
        "action_count.json": _json([{**_MVBENCH, "candidates": ["3", "2"], "answer": "3"}]),
    },
    "longvideobench": {
        "lvb_val.json": _json(
            [
                {
                    "id": "v_0",
                    "video_path": "v.mp4",
                    "question": "What?",
                    "candidates": ["x", "y", "z"],
                    "correct_choice": 2,
                    "duration_group": 600,
                    "question_category": "S2E",
                }
            ]
        )
    },
    "mlvu": {"4_count.json": _json([_MLVU])},
}

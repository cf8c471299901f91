"""Small made-up annotation files of each source's format: name of the format -> names and contents of its files."""

import io
import json
import pickle

import numpy as np
from scipy.io import savemat

from tests.support.action_samples import ACTION_SAMPLES


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _lines(*rows: object) -> bytes:
    return b"".join(_json(row) + b"\n" for row in rows)


def _coco(**row: object) -> dict[str, bytes]:
    return {"val.caption_coco_format.json": _json({"annotations": [{"id": 7, **row}]})}


def _shots(scores: list[float], frames: int) -> str:
    return ",".join(f"{score:g}" for score in np.repeat(scores, frames))


def _matlab(**variables: object) -> bytes:
    file = io.BytesIO()
    savemat(file, variables, do_compression=True)
    return file.getvalue()


def _chosen(frames: range, total: int) -> list[float]:
    return [1.0 if frame in frames else 0.0 for frame in range(total)]


_MOMENT = {"relevant": True, "clip": True, "v_duration": 100.5, "bounds": [20, 60]}
_STEPS = [
    {"index": 0, "heading": "cut the board", "absolute_bounds": [20, 31]},
    {"index": 1, "heading": "sand it", "absolute_bounds": [31, 60]},
]
_HIREST = {
    "Make a Shelf": {
        "aaa.mp4": {**_MOMENT, "steps": _STEPS},
        "bbb.mp4": {**_MOMENT, "clip": False, "bounds": [0, 0], "steps": []},
        "ccc.mp4": {**_MOMENT, "bounds": [0, 1], "steps": []},
        "ddd.mp4": {**_MOMENT, "steps": []},
    }
}
_COIN_STEPS = [
    {"id": "12", "label": "open the lid", "segment": [3.0, 9.5]},
    {"id": "13", "label": "pour water", "segment": [11, 20]},
]
_COOKING = [
    {"id": 0, "segment": [5, 12], "sentence": "chop the onion"},
    {"id": 1, "segment": [20, 31], "sentence": "fry it"},
]
_VISION = {"query_modality": "vision"}
_SALIENCY = {"relevant_clip_ids": [3, 4], "saliency_scores": [[4, 3, 2], [1, 1, 2]]}
_QVHIGHLIGHTS = {"qid": 9, "query": "A cat jumps.", "duration": 150, "vid": "abc_0.0_150.0", **_SALIENCY}
_NLQ_QUERY = {"clip_start_sec": 4.5, "clip_end_sec": 6.0, "video_start_sec": 34.5, "query": "Where is my key?"}
_NLQ_CLIP = {
    "clip_uid": "c1",
    "video_start_sec": 30.0,
    "video_end_sec": 510.0,
    "annotations": [{"language_queries": [_NLQ_QUERY, {"clip_start_sec": 1, "clip_end_sec": 2, "query": None}]}],
}
_VTIME = {
    "source": "internvid",
    "id": "vid00000001",
    "conversations": [
        {"from": "human", "value": "<video>\nWhat happens when?"},
        {"from": "gpt", "value": "From <s0> to <e0>, a man sits. From <s1> to <e1>, he stands."},
        {"from": "human", "value": "What is there from <s1> to <e1>?"},
        {"from": "gpt", "value": "A man who stands."},
    ],
    "meta": {"split": [100.0, 150.0], "duration": 50.0, "token": {"<s0>": 0, "<e0>": 9.4, "<s1>": 30, "<e1>": 41.25}},
}
_CLIPS = [
    {"clip": "0:00:00 - 0:00:05", "caption": "A white screen with green letters."},
    {"clip": "0:01:10 - 1:00:00", "caption": 'A woman holds a "ball".'},
]
_MESSAGES = [
    {
        "role": "user",
        "content": [
            {"type": "video_url", "video_url": {"url": "v/one.mp4", "processed_video_length": 90.5}},
            {"type": "text", "text": "<VIDEO_CONTEXT>\n When does the dog bark?"},
        ],
    },
    {"role": "assistant", "content": "Time intervals: 12.0 - 14.5"},
    {"role": "user", "content": [{"type": "text", "text": "And the cat?"}]},
    {"role": "assistant", "content": [{"type": "text", "text": "[[20.0, 21.0]]"}]},
]
_RATINGS = [3, 1, 5, 2, 4, 1, 2, 1, 1, 1, 3, 2, 1, 2]

SAMPLES: dict[str, dict[str, bytes]] = {
    "didemo": {
        "train_data.json": _json(
            [
                {
                    "description": "a dog  runs",
                    "video": "1@N0_2_3.mov",
                    "times": [[1, 1], [2, 3], [1, 1]],
                    "num_segments": 6,
                }
            ]
        )
    },
    "queryd": {
        "raw_captions_combined_filtered-v2.pkl": pickle.dumps({"video-abc": [["a", "man"], ["he", "sits"]]}),
        "times_captions_combined_filtered-v2.pkl": pickle.dumps({"video-abc": [[1.5, 4.25], [7.0, 9.0]]}),
    },
    "hirest": {"all_data_val.json": _json(_HIREST)},
    "charades_sta": {"charades_sta_test.txt": b"3MSZA 24.3 30.4##person turn a light on.\nAMT7R 4 12.5##a ## sign.\n"},
    "charades_sta_coco": _coco(image_id="3MSZA.mp4", caption="person turn a light on.", timestamp=[24.3, 30.4]),
    "tacos": {
        "train.json": _json(
            {"s1-d2.avi": {"timestamps": [[294, 588]], "sentences": ["She cuts."], "fps": 29.4, "num_frames": 2940}}
        )
    },
    "ego4d_nlq": {"nlq_val.json": _json({"version": "1", "videos": [{"video_uid": "v1", "clips": [_NLQ_CLIP]}]})},
    "moments": {
        "anno.jsonl": _lines(
            {"vid": "a1", "duration": 30.0, "query": "a man sits", "span": [2.0, 5.5]},
            {"video_id": "a2", "duration": 20, "query": "it rains", "relevant_windows": [[1, 2], [8, 9]]},
            {"video_id": "a3", "query": "it ends", "timestamps": [[3, 4]]},
        )
    },
    "activitynet_rtl": {
        "train.json": _json(
            {
                "v_1": {
                    "duration": 60.0,
                    "QA": [
                        {"q": "When is it hardest?", "a": "From <12.5> to <20.> it is, since he stops."},
                        {"q": "Why?", "a": "He is tired."},
                    ],
                }
            }
        )
    },
    "activitynet_rtl_test": {
        "val.json": _json([{"vid": "x", "duration": 30, "question": "When?", "answer": "<3> <9.5> He falls."}])
    },
    "vtimellm": {"stage2.json": _json([_VTIME])},
    "interlink": {
        "howto.tsv": ("video_name\tclips\nhowto_1\t" + json.dumps(_CLIPS) + "\n").encode(),
    },
    "activitynet_captions": {
        "train.json": _json(
            {"v_1": {"duration": 40.2, "timestamps": [[0.5, 9.25], [9, 40]], "sentences": ["He sits.", " He stands."]}}
        )
    },
    "activitynet_captions_coco": _coco(
        image_id="v_1.mp4", caption="He sits.He stands up.", segments=[[0.5, 9.25], [9, 40]], duration=40.2
    ),
    "youcook2": {
        "youcookii_annotations_trainval.json": _json(
            {
                "database": {
                    "y1": {"subset": "training", "duration": 50.5, "recipe_type": "1", "annotations": _COOKING},
                    "y2": {"subset": "validation", "duration": 60, "recipe_type": "2", "annotations": _COOKING[:1]},
                }
            }
        )
    },
    "youcook2_coco": _coco(
        image_id="y1.mp4",
        caption="<time_token_9> <time_token_10> chop the onion",
        pure_cap="chop the onion. fry it",
        segments=[[5, 12], [20, 31]],
        duration=50.5,
    ),
    "vitt": {
        "ViTT-annotations.json": _json(
            [
                {
                    "id": "FmTp",
                    "annotations": [{"timestamp": 260, "tag": "Opening"}, {"timestamp": 16000, "tag": "End"}],
                },
                {"id": "FmTp", "annotations": [{"timestamp": 500, "tag": "Start"}]},
            ]
        )
    },
    "vitt_timechat": {
        "train.json": _json([{"vid": "a.mp4", "captions": ["Opening", "End"], "segments": [[0.3], [16]]}])
    },
    "coin": {
        "COIN.json": _json(
            {"database": {"c1": {"subset": "training", "recipe_type": 7, "duration": 40.0, "annotation": _COIN_STEPS}}}
        )
    },
    "coin_timechat": {
        "train.json": _json([{"video_path": "7/c1.mp4", "segments": [[3, 9.5], [11, 20]], "labels": ["open", "pour"]}])
    },
    "whisper": {
        "one.txt": b"0.00\t2.50\tHello there.\n2.50\t4.00\tThis is\ta test.\n",
        "two.json": _json({"text": "Hi.", "segments": [{"id": 0, "start": 1.0, "end": 2.0, "text": " Hi."}]}),
        "three.tsv": b"start\tend\ttext\n1500\t2500\tBye.\n",
    },
    "qvhighlights": {"highlight_val_release.jsonl": _lines({**_QVHIGHLIGHTS, "relevant_windows": [[6, 10]]})},
    "qvhighlights_coco": _coco(
        image_id="v_abc.mp4", caption="A cat jumps.", timestamp=[[6, 10]], duration=150, **_SALIENCY
    ),
    "tvsum": {
        "ydata-tvsum50-anno.tsv": "".join(
            f"vid{number}\tVT\t{_shots([min(5, score + step) for score in _RATINGS], 50)}\n"
            for number in (1, 2)
            for step in (0, 1)
        ).encode()
    },
    "summe": {
        "Jumps.mat": _matlab(
            user_score=np.array([_chosen(range(50, 100), 700), _chosen(range(60, 100), 700)]).T, FPS=25.0, nFrames=700
        )
    },
    "timelens_bench": {
        "charades.json": _json({"V1": {"duration": 30, "spans": [[1, 4.5]], "queries": ["a dog runs"]}})
    },
    "timelens_100k": {
        "timelens-100k.jsonl": _lines(
            {"video_path": "a/b.mp4", "duration": 9, "source": "x", "events": [{"query": "he sits", "span": [[1, 2]]}]}
        )
    },
    "timelens_messages": {"sft.jsonl": _lines({"id": "1", "messages": _MESSAGES})},
    "vue_tr": {
        "vue.json": _json(
            [{"query_id": 1, "query": "a  goal", "video_id": "g1", "duration": 90, "gt": [[1, 2], [5, 7.5]], **_VISION}]
        )
    },
}

SAMPLES |= ACTION_SAMPLES

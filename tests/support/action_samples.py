"""Small made-up lists of labelled videos, in the form of each data set: name of the format -> names and contents."""

import json


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


_SEGMENTS = [{"label": "Long jump", "segment": [4.5, 20.0]}, {"label": "Archery", "segment": [30, 41.5]}]
_SOMETHING = {
    "id": "78687",
    "label": "pushing a cup from left to right",
    "template": "Pushing [something] from left to right",
    "placeholders": ["a cup"],
}

BESIDE = ("ssv1", "ssv2", "moments_in_time", "ucf101")  # formats whose list of classes is beside the file

ACTION_SAMPLES: dict[str, dict[str, bytes]] = {
    "kinetics": {
        "train.csv": b"label,youtube_id,time_start,time_end,split\n"
        b"testifying,---QUuC4vJs,84,94,train\n"
        b'"petting animal (not cat)",--3ouPhoy2A,20,30,train\n'
        b"testifying,-_x,1234,1244,train\n"
    },
    "label_list": {"train.csv": b"k400/a b.mp4,2\nk600/c.mp4,0\n"},
    "ssv1": {
        "something-something-v1-train.csv": b"100218;Something falling like a feather or paper\n"
        b"24413;Pushing something from left to right\n",
        "something-something-v1-labels.csv": b"Something falling like a feather or paper\nHolding something\n"
        b"Lifting up one end of something, then letting it drop down\nPushing something from left to right\n",
    },
    "ssv2": {
        "train.json": _json([_SOMETHING, {**_SOMETHING, "id": "7", "template": "Holding [something]"}]),
        "labels.json": _json({"Holding something": "1", "Pushing something from left to right": "0"}),
    },
    "moments_in_time": {
        "trainingSet.csv": b"adult+male+singing/yt-x_4.mp4,adult+male+singing,3,0\nyawning/flickr-1.mp4,yawning,2,1\n",
        "moments_categories.txt": b"clapping,0\nadult+male+singing,1\nyawning,2\n",
    },
    "ucf101": {
        "trainlist01.txt": b"ApplyLipstick/v_ApplyLipstick_g08_c01.avi 2\nYoYo/v_YoYo_g25_c05.avi 3\n",
        "classInd.txt": b"1 ApplyEyeMakeup\n2 ApplyLipstick\n3 YoYo\n",
    },
    "hmdb51": {
        f"{name}_test_split{split}.txt": f"{name} in#1.avi {split % 3}\n{name}_2.avi 2\n".encode()
        for name in ("brush_hair", "wave")
        for split in (1, 2, 3)
    },
    "activitynet": {
        "activity_net.v1-3.min.json": _json(
            {
                "version": "VERSION 1.3",
                "taxonomy": [{"nodeName": "Root", "nodeId": 0, "parentName": None, "parentId": None}],
                "database": {
                    "abc": {"duration": 55.15, "subset": "training", "annotations": _SEGMENTS},
                    "def": {"duration": 20.5, "subset": "testing", "annotations": []},
                },
            }
        )
    },
    "hacs_clips": {
        "HACS_clips_v1.1.1.csv": b"classname,youtube_id,subset,start,end,label\n"
        b"Archery,a-1,training,21.7,23.7,1\nArchery,a-1,training,50,52,-1\nBallet,b2,validation,0.0,2.0,1\n"
    },
    "pretraining_list": {
        "k_mash.txt": b"k710 k400/a.mp4 -1 -1 -1 3\nssv2 ssv2/7.webm -1 -1 -1 9\nanet anet/v_1.mp4 55.15 4.5 20.0 0\n"
    },
}

"""What the readers of labelled videos yield for made-up files of each data set."""

import json

import pytest

from tests.support.action_samples import ACTION_SAMPLES, BESIDE
from timesuite_jax.data.sources import ReadOptions, annotate_source, detect_format
from timesuite_jax.errors import UserError

SSV1 = (
    "Holding something",
    "Lifting up one end of something, then letting it drop down",
    "Pushing something from left to right",
    "Something falling like a feather or paper",
)
# Name -> options, classes, and (video, label, clip, directional) of each sample.
EXPECTED = {
    "kinetics": (
        {},
        ("petting animal (not cat)", "testifying"),
        [
            ("---QUuC4vJs_000084_000094", 1, None),
            ("--3ouPhoy2A_000020_000030", 0, None),
            ("-_x_001234_001244", 1, None),
        ],
    ),
    "label_list": ({}, (), [("k400/a b.mp4", 2, None), ("k600/c.mp4", 0, None)]),
    "ssv1": ({}, SSV1, [("100218", 3, None), ("24413", 2, None)]),
    "ssv2": (
        {},
        ("Pushing something from left to right", "Holding something"),
        [("78687", 0, None), ("7", 1, None)],
    ),
    "moments_in_time": (
        {},
        ("clapping", "adult+male+singing", "yawning"),
        [("adult+male+singing/yt-x_4.mp4", 1, None), ("yawning/flickr-1.mp4", 2, None)],
    ),
    "ucf101": (
        {},
        ("ApplyEyeMakeup", "ApplyLipstick", "YoYo"),
        [("ApplyLipstick/v_ApplyLipstick_g08_c01.avi", 1, None), ("YoYo/v_YoYo_g25_c05.avi", 2, None)],
    ),
    "hmdb51": (
        {"split": "train1"},
        ("brush_hair", "wave"),
        [("brush_hair in#1.avi", 0, None), ("wave in#1.avi", 1, None)],
    ),
    "activitynet": (
        {"split": "training"},
        ("Archery", "Long jump"),
        [("v_abc", 1, (4.5, 20.0)), ("v_abc", 0, (30.0, 41.5))],
    ),
    "hacs_clips": ({"split": "training"}, ("Archery", "Ballet"), [("v_a-1", 0, (21.7, 23.7))]),
    "pretraining_list": (
        {},
        (),
        [("k400/a.mp4", None, None), ("ssv2/7.webm", None, None), ("anet/v_1.mp4", None, (4.5, 20.0))],
    ),
}


@pytest.fixture
def sample(tmp_path):
    def write(name, **changed):
        for file, content in {**ACTION_SAMPLES[name], **changed}.items():
            (tmp_path / file).write_bytes(content)
        several = len(ACTION_SAMPLES[name]) > 1 and name not in BESIDE
        return tmp_path if several else tmp_path / next(iter(ACTION_SAMPLES[name]))

    return write


def skipped(path, **options):
    found = annotate_source(path, options=ReadOptions(**options)).skipped
    return [(one.location, one.reason, one.excluded) for one in found]


@pytest.mark.parametrize("name", EXPECTED)
def test_samples(name, sample):
    assert EXPECTED.keys() == ACTION_SAMPLES.keys()
    options, classes, videos = EXPECTED[name]
    path = sample(name)
    found = annotate_source(path, options=ReadOptions(**options))
    assert found.format == name == detect_format(path) and found.classes == classes
    assert [(one.video, one.label, one.clip) for one in found.annotations] == videos
    assert all(one.turns == () for one in found.annotations)
    directional = [one.directional for one in found.annotations]
    assert directional == (
        [False, True, False] if name == "pretraining_list" else [name in ("ssv1", "ssv2")] * len(videos)
    )


def test_splits(sample, tmp_path):
    path = sample("hmdb51")
    with pytest.raises(UserError, match=r"several splits: choose one of train1, test1, .*test3 or all with --split"):
        annotate_source(path)
    with pytest.raises(UserError, match=r"no split 'train'"):
        annotate_source(path, options=ReadOptions(split="train"))
    assert [one.video for one in annotate_source(path, options=ReadOptions(split="test2")).annotations] == [
        "brush_hair in#1.avi", "brush_hair_2.avi", "wave in#1.avi", "wave_2.avi",
    ]  # fmt: skip
    assert skipped(path, split="test3")[0] == (
        "brush_hair_test_split3.txt, line 1", "in neither part of the split, not test3", True,
    )  # fmt: skip
    assert skipped(path, split="train1")[0][1] == "in test1, not train1"
    assert len(annotate_source(path, options=ReadOptions(split="all")).annotations) == 4
    hacs = tmp_path / "hacs.csv"
    hacs.write_bytes(ACTION_SAMPLES["hacs_clips"]["HACS_clips_v1.1.1.csv"])
    with pytest.raises(UserError, match=r"several splits: training \(2\), validation \(1\); choose one"):
        annotate_source(hacs)
    assert sorted(skipped(hacs, split="training")) == [
        ("line 3", "does not show the class (label -1)", True),
        ("line 4", "in split 'validation', not 'training'", True),
    ]


def test_a_row_whose_class_is_no_text_is_rejected_alone(tmp_path):
    bad = "a\0b"
    kinetics, hacs = tmp_path / "kinetics.csv", tmp_path / "hacs.csv"
    kinetics.write_text(f"label,youtube_id,time_start,time_end,split\nrun,a,0,10,train\n{bad},b,0,10,train\n")
    hacs.write_text(f"classname,youtube_id,subset,start,end,label\nrun,a,train,0,2,1\n{bad},b,train,0,2,1\n")
    segments = tmp_path / "segments.json"
    database = {
        name: {"subset": "train", "annotations": [{"label": label, "segment": [0, 2]}]}
        for name, label in (("a", "run"), ("b", bad))
    }
    segments.write_text(json.dumps({"database": database}))
    for path in (kinetics, hacs, segments):
        found = annotate_source(path, options=ReadOptions(split="train"))
        assert len(found.annotations) == 1, path
        assert [one.excluded for one in found.skipped] == [False], path


def test_sources_of_a_pretraining_list_are_splits(sample):
    path = sample("pretraining_list")
    (only,) = annotate_source(path, options=ReadOptions(split="ssv2")).annotations
    assert only.directional and only.task == "video_pretraining"
    with pytest.raises(UserError, match=r"no split 'k400'; it has anet \(1\), k710 \(1\), ssv2 \(1\)"):
        annotate_source(path, options=ReadOptions(split="k400"))


@pytest.mark.parametrize(
    "rows, expected",
    [
        (b"a.mp4 3\nb.mp4 0\n", [("a.mp4", 3), ("b.mp4", 0)]),
        (b"x/a b.mp4 3\nb.mp4   12\n", [("x/a b.mp4", 3), ("b.mp4", 12)]),
        (b"a.mp4\t3\nb.webm\t1\n", [("a.mp4", 3), ("b.webm", 1)]),
        (b"a.mp4; 3\nb.mp4;1\n", [("a.mp4", 3), ("b.mp4", 1)]),
        (b"folder/a.mp4 3\n", [("folder/a.mp4", 3)]),
        (
            b"\xef\xbb\xbfa.mp4,yoga\r\nb.mp4,high jump\r\n\r\nc.mp4,yoga\r\n",
            [("a.mp4", 1), ("b.mp4", 0), ("c.mp4", 1)],
        ),
    ],
)
def test_separators_of_label_lists(rows, expected, tmp_path):
    (tmp_path / "list.csv").write_bytes(rows)
    found = annotate_source(tmp_path / "list.csv")
    assert found.format == "label_list" and [(one.video, one.label) for one in found.annotations] == expected


def test_labels_outside_the_classes_are_left_out(tmp_path):
    (tmp_path / "list.csv").write_bytes(b"a.mp4,0\nb.mp4,3\nc.mp4,-1\nd.mp4,yoga\ne.mp4,joga\nf.mp4 \n")
    found = annotate_source(tmp_path / "list.csv", options=ReadOptions(classes=("run", "yoga", "swim")))
    assert [(one.video, one.label) for one in found.annotations] == [("a.mp4", 0), ("d.mp4", 1)]
    assert [(one.location, one.reason) for one in found.skipped] == [
        ("line 2", "has the label 3, and there are 3 classes, numbered from 0"),
        ("line 3", "has the label -1; labels are numbered from 0"),
        ("line 5", "has the class 'joga', which is not among the 3 classes, did you mean 'yoga'?"),
        ("line 6", "is 'f.mp4 ', not 'PATH LABEL'"),
    ]


def test_names_and_numbers_in_one_list_need_the_classes(tmp_path):
    (tmp_path / "list.csv").write_bytes(b"a.mp4,0\nb.mp4,run\nc.mp4,1\n")
    with pytest.raises(UserError, match="line 1 has the label '0', a number, and line 2 has the label 'run', a name"):
        annotate_source(tmp_path / "list.csv")
    found = annotate_source(tmp_path / "list.csv", options=ReadOptions(classes=("walk", "run")))
    assert [one.label for one in found.annotations] == [0, 1, 1]


def test_the_users_classes_replace_those_of_the_format(sample):
    path = sample("kinetics")
    classes = ("abseiling", "petting animal (not cat)", "testifying")
    found = annotate_source(path, options=ReadOptions(classes=classes))
    assert found.classes == classes and [one.label for one in found.annotations] == [2, 1, 2]
    with pytest.raises(UserError, match=r"--classes: a file of pretraining_list has no labels; leave the option out"):
        (path.parent / "k.txt").write_bytes(ACTION_SAMPLES["pretraining_list"]["k_mash.txt"])
        annotate_source(path.parent / "k.txt", options=ReadOptions(classes=classes))


@pytest.mark.parametrize(
    "name, file, content, reason",
    [
        ("kinetics", "train.csv", b"label,youtube_id,time_start,time_end,split\nx,a,9,3,train\ny,b,0,10,train\n",
         "has the time 9 to 3, not two seconds in order"),
        ("kinetics", "train.csv", b"label,youtube_id,time_start,time_end,split\nx,a,,3,train\ny,b,0,10,train\n",
         "is missing"),
        ("ssv1", "something-something-v1-train.csv", b"1;Holding something\nx;y\n", "is 'x;y', not 'ID;CLASS'"),
        ("ucf101", "trainlist01.txt", b"YoYo/v_YoYo_g25_c05.avi 3\nJump/v_Jump_g25_c05.avi 4\n",
         "has the class 'Jump', which is not among the 3 classes"),
        ("activitynet", "activity_net.v1-3.min.json", json.dumps({"database": {"a": {"annotations":
         [{"label": "x", "segment": [5, 2]}, {"label": "x", "segment": [2, 5]}]}}}).encode(),
         "has the segment [5.0, 2.0]"),
        ("pretraining_list", "k_mash.txt", b"k710 a.mp4 10 5 2 3\nk710 b.mp4 10 2 5 3\n",
         "has the time 5 to 2 of 10 s"),
    ],
)  # fmt: skip
def test_wrong_rows_are_left_out(name, file, content, reason, sample):
    path = sample(name, **{file: content})
    found = annotate_source(path)
    assert len(found.annotations) == 1
    (one,) = [one for one in found.skipped if not one.excluded]
    assert one.reason.startswith(reason)


def test_tests_without_labels(sample, tmp_path):
    (tmp_path / "t.json").write_text(
        json.dumps([{"id": "5", "template": "Holding [x]", "placeholders": []}, {"id": "6"}])
    )
    found = annotate_source(tmp_path / "t.json", "ssv2")
    assert [(one.video, one.label) for one in found.annotations] == [("5", 0), ("6", None)]
    (tmp_path / "v1.csv").write_bytes(b"9;Holding x\n10\n")
    assert [one.label for one in annotate_source(tmp_path / "v1.csv").annotations] == [0, None]
    (tmp_path / "test.csv").write_bytes(b"youtube_id,time_start,time_end,split\nabc,1,11,test\n")
    (one,) = annotate_source(tmp_path / "test.csv").annotations
    assert one.label is None and one.video == "abc_000001_000011"


def test_several_lists_of_classes_are_an_error(sample, tmp_path):
    path = sample("ssv2")
    (tmp_path / "labels.json").unlink()
    for name in ("a-labels.json", "b-labels.json"):
        (tmp_path / name).write_bytes(ACTION_SAMPLES["ssv2"]["labels.json"])
    with pytest.raises(
        UserError, match=r"several lists of classes \(a-labels.json, b-labels.json\); choose one with --classes"
    ):
        annotate_source(path)

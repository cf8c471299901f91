"""Files that cannot be read, options that a format does not have, and rows that are wrong."""

import gzip
import json
import pickle
import zlib

import pytest

from timesuite_jax.data.sources import ReadOptions, Skipped, annotate_source, detect_format, read_source
from timesuite_jax.errors import UserError


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def reasons(path, **options):
    found = read_source(path, options=ReadOptions(**options))
    return [f"{one.location}: {one.reason}" for one in found if isinstance(one, Skipped)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty; download it again"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n", "a Git LFS pointer.*git lfs pull"),
        (b"<!DOCTYPE html>\n<html>\n</html>", "a web page.*download the file itself"),
        (b"../../.cache/blobs/36470518", "the text of a symbolic link; download the file itself"),
        (b'{"a": {"b.mp4": {"clip":f 3}}}', r"is not JSON \(Expecting value.*download it again"),
        (b'{"vid": "a", "query": "b", "span": [1, 2]}\n{"vid": "a"', "line 2 is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"\x89HDF\r\n\x1a\n123", "HDF5.*ydata-tvsum50-anno.tsv"),
        (gzip.compress(b'{"a": 1}' * 99, mtime=0)[:-9], "compressed with gzip and damaged"),
        (b"some\nplain\ntext", "has none of the known formats"),
        (b"[]", "contains no records; give a file with at least one"),
        ({"0": "Watch the video."}, "has none of the known formats.*docs/annotations.md"),
        (pickle.dumps({"video-a": []}), "has none of the known formats"),
    ],
)  # fmt: skip
def test_files_of_no_format(content, message, tmp_path):
    path = write(tmp_path / "file", content)
    with pytest.raises(UserError, match=message):
        detect_format(path)


def test_missing_file(tmp_path):
    with pytest.raises(UserError, match=r"no annotation file .*absent\.json; check the path"):
        detect_format(tmp_path / "absent.json")


def test_a_wrong_format_names_the_right_one(sample):
    path = sample("didemo")
    with pytest.raises(UserError, match=r"does not have the format hirest, \{query.*looks like didemo"):
        list(read_source(path, "hirest"))
    with pytest.raises(UserError, match=r"unknown format 'didem', did you mean 'didemo'\?; known: timepro, didemo"):
        list(read_source(path, "didem"))


def test_ready_made_questions_have_no_other_options(tmp_path, sample):
    path = write(tmp_path / "a.json", [{"video": "a.mp4", "QA": [{"q": "When?", "a": "From 1.0 to 2.0 seconds."}]}])
    assert annotate_source(path).annotations[0].spans.spans == ((1.0, 2.0),)
    with pytest.raises(UserError, match=r"--split train: .* has ready-made questions; leave the option out"):
        annotate_source(path, options=ReadOptions(split="train"))
    with pytest.raises(UserError, match=r"has ready-made questions.*timesuite data build"):
        list(read_source(path))
    with pytest.raises(UserError, match="has no JSON, which the format timepro is; leave out --format"):
        annotate_source(sample("summe"), "timepro")
    write(path, [{"video": "a.mp4"}])
    with pytest.raises(UserError, match="record 0, QA: is missing or empty"):
        annotate_source(path)


def test_several_possible_formats_are_listed(tmp_path):
    row = {"video": "a.mp4", "QA": [{"q": "a", "a": "b"}], "description": "c", "times": [[0, 0]]}
    path = write(tmp_path / "both.json", [row])
    with pytest.raises(UserError, match="could have the formats timepro, didemo; choose one with --format"):
        detect_format(path)
    assert [one.content.query for one in read_source(path, "didemo")] == ["c"]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("didemo", {"task": "step_localization"}, "--task step_localization is not one of didemo: temporal_video"),
        ("didemo", {"split": "train"}, "--split train: a file of didemo has one split"),
        ("didemo", {"annotators": "each"}, "--annotators each is not a rule of didemo; it has majority, mean, first"),
        ("coin", {"annotators": "mean"}, "--annotators mean: coin has one rule for annotators; leave the option out"),
        ("youcook2", {}, r"has several splits: training \(1\), validation \(1\); choose one with --split"),
        ("youcook2", {"split": "test"}, r"has no split 'test'; it has training \(1\), validation \(1\)"),
        ("queryd", {"split": "train"}, "has no train_list.txt; it has lists of no split"),
    ],
)
def test_options_that_a_format_does_not_have(name, options, message, sample):
    with pytest.raises(UserError, match=message):
        list(read_source(sample(name), options=ReadOptions(**options)))


def test_wrong_rows_are_skipped_with_location_and_reason(tmp_path):
    good = {"description": "a", "video": "v.mp4", "times": [[0, 1]]}
    rows = [
        good,
        3,
        {**good, "times": None},
        {**good, "times": [[0, 9]]},
        {**good, "times": [[0, "1"]]},
        {**good, "times": []},
        {**good, "description": " "},
        {**good, "video": "\ud800"},
        {**good, "times": [[float("nan"), 1]]},
    ]
    path = write(tmp_path / "train_data.json", rows)
    assert reasons(path) == [
        "[1]: is a number, not an object",
        "[2].times: is missing",
        "[3].times[0]: is [0, 9], not two chunks in order, from 0 to 5",
        "[4].times[0][1]: is '1', not a number",
        "[5].times: is empty",
        "[6].description: is ' ', not a text",
        "[7].video: is '\\ud800', not a text",
        "[8].times[0][0]: is nan, not a number",
    ]


def test_a_wrong_event_spoils_a_list_of_events_but_no_other_query(tmp_path):
    row = {"duration": 9, "timestamps": [[0, 1], [2], [3, 4]], "sentences": ["a", "b", "c"]}
    path = write(tmp_path / "train.json", {"v_1": row})
    assert reasons(path, task="dense_video_captioning") == ["['v_1'].timestamps[1]: is [2], not [start, end]"]
    found = list(read_source(path, options=ReadOptions(task="temporal_video_grounding")))
    assert [one.content.query for one in found if not isinstance(one, Skipped)] == ["a", "c"]


def test_sentences_without_times_of_their_own_are_no_sample(tmp_path):
    row = {"image_id": "v.mp4", "caption": "He sits. He st.nds.", "segments": [[0, 1], [1, 2]], "duration": 3}
    path = write(tmp_path / "val.json", {"annotations": [row]})
    assert reasons(path) == ["annotations[0].caption: has 3 sentences, and 2 segments"]


def test_lists_of_different_lengths_are_no_sample(tmp_path):
    row = {"duration": 9, "timestamps": [[0, 1]], "sentences": ["a", "b"]}
    assert reasons(write(tmp_path / "a.json", {"v": row})) == [
        "['v'].timestamps: has 1 items, and ['v'].sentences has 2"
    ]


def test_a_repeated_key_is_reported(tmp_path):
    row = json.dumps({"duration": 9, "timestamps": [[0, 1]], "sentences": ["a"]})
    path = write(tmp_path / "train.json", f'{{"v_1": {row}, "v_1": {row}}}'.encode())
    assert reasons(path) == ["key 'v_1': is in one object twice; only the last value is read"]


def test_pickles_that_are_not_data_are_rejected(tmp_path):
    class Call:
        def __reduce__(self):
            return print, ("called",)

    write(tmp_path / "raw_captions_combined_filtered.pkl", pickle.dumps({"video-a": Call()}))
    write(tmp_path / "times_captions_combined_filtered.pkl", pickle.dumps({"video-a": [[0, 1]]}))
    with pytest.raises(UserError, match=r"refused, its pickle holds .*print"):
        list(read_source(tmp_path))


def test_a_pickle_that_shares_one_list_is_rejected(tmp_path):
    words = [["a"] * 200] * 200
    write(tmp_path / "raw_captions_combined_filtered.pkl", pickle.dumps({f"v{n}": words for n in range(200)}))
    write(tmp_path / "times_captions_combined_filtered.pkl", pickle.dumps({}))
    with pytest.raises(UserError, match="videos share lists"):
        list(read_source(tmp_path))


def test_splits_of_queryd(tmp_path, sample):
    path = sample("queryd")
    (tmp_path / "train_list.txt").write_text("video-other\n")
    with pytest.raises(UserError, match=r"has lists of the splits train; choose one"):
        list(read_source(path))
    assert reasons(path, split="train") == [
        "['video-abc']: not in split 'train'",
        "['video-other']: in split 'train', and without captions",
    ]
    (tmp_path / "times_captions_combined_filtered-v2.pkl").unlink()
    with pytest.raises(UserError, match=r"no annotation file .*times_captions"):
        list(read_source(path, options=ReadOptions(split="all")))


def test_a_table_with_more_columns_than_its_header_is_wrong(tmp_path):
    clips = json.dumps([{"clip": "0:00:00 - 0:00:05", "caption": "a"}])
    path = tmp_path / "clips.tsv"
    path.write_text(f"video_name\tclips\na\t{clips}\tmore\nb\t{clips}\t\n")
    found = list(read_source(path))
    assert reasons(path) == ["line 2: has 3 columns, and the header has 2"]
    assert [one.video for one in found if not isinstance(one, Skipped)] == ["b"]


def test_damaged_files_of_a_folder_are_skipped(tmp_path, sample):
    folder = sample("whisper")
    (folder / "zero.txt").write_bytes(b"")
    (folder / "zone.txt").write_bytes(b"1.0\t2.0\tgood\n3.0\tbad\n")
    found = [f"{one.location}: {one.reason}" for one in read_source(folder) if isinstance(one, Skipped)]
    assert len(found) == 2 and found[0].startswith("zero.txt: ") and "zone.txt, line 2: is '3.0\\tbad'" in found[1]


def test_a_matlab_file_that_expands_without_limit_is_rejected(tmp_path):
    body = zlib.compress(bytes(2**26 + 1))
    header = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
    path = write(tmp_path / "a.mat", header + (15).to_bytes(4, "little") + len(body).to_bytes(4, "little") + body)
    assert "a variable has more than 67108864 bytes" in reasons(path)[0]


def test_ratings_that_are_not_of_shots_are_rejected(tmp_path):
    path = write(tmp_path / "anno.tsv", b"a\tVT\t1,1,1\nb\tVT\t1,2,1\nb\tVT\t1,2\nc\tVT\t1,9,1\n")
    assert [reason.split(": ")[1] for reason in reasons(path)] == [
        "the scores of 'a' are not of shots of 2 seconds",
        "the annotators of 'b' rate different numbers of frames",
        "has a score that is not from 1 to 5",
    ]

"""Damaged and invented annotation files are read, or rejected with a UserError, in bounded time and memory."""

import json
import os
import pickle
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.annotation_samples import SAMPLES
from timesuite_jax.data.sources import (
    FORMATS,
    ReadOptions,
    Skipped,
    annotate_source,
    detect_format,
    read_source,
)
from timesuite_jax.data.timepro.source_entry import SourceEntry
from timesuite_jax.errors import UserError

EXAMPLES = int(os.environ.get("TIMESUITE_FUZZ_EXAMPLES", "300"))
NAMES = sorted(FORMATS)
pytestmark = pytest.mark.timeout(600 if EXAMPLES <= 10_000 else 0)  # seconds; of a long run no limit
many = settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])

# Values that are wrong for most fields; every one can also replace a list or an object.
_JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(st.characters(exclude_categories=[]), max_size=12),
    st.sampled_from([[], {}, [[]], [{}], "<s0> <e9>", "0:00:00 - 9:99:99", "1.5", {"a": []}, [[1, 2], [3]]]),
)


def check(path, data):
    """Reads a file with every kind of options."""
    name = data.draw(st.sampled_from([None, *NAMES]))
    options = ReadOptions(
        data.draw(st.sampled_from([None, *sorted({task for one in FORMATS.values() for task in one.tasks})])),
        data.draw(st.sampled_from([None, "all", "training"])),
        data.draw(st.sampled_from([None, "first", "mean"])),
    )
    try:
        for one in read_source(path, name, options):
            assert isinstance(one, SourceEntry | Skipped) and one.location.isprintable()
    except UserError as error:
        assert str(error).isprintable()
    try:
        found = annotate_source(path, name, options)
    except UserError:
        return
    # A format that is named may be one of several that the file could have.
    assert found.annotations and (name is not None or detect_format(path) == found.format)


def mutate(value, data, depth=0):
    """Replaces, removes, repeats or renames one part of a JSON value."""
    inside = isinstance(value, dict | list) and value and (depth == 0 or data.draw(st.integers(0, 5)))
    if not inside:
        return data.draw(_JUNK)
    if isinstance(value, list):
        index = data.draw(st.integers(0, len(value) - 1))
        match data.draw(st.integers(0, 7)):
            case 0:
                return value[:index] + value[index + 1 :]
            case 1:
                return value[: index + 1] + value[index:]
        return [*value[:index], mutate(value[index], data, depth + 1), *value[index + 1 :]]
    key = data.draw(st.sampled_from(sorted(value)))
    match data.draw(st.integers(0, 7)):
        case 0:
            return {name: part for name, part in value.items() if name != key}
        case 1:
            return {data.draw(st.text(max_size=4)) if name == key else name: part for name, part in value.items()}
    return {**value, key: mutate(value[key], data, depth + 1)}


def parsed(content):
    try:
        return json.loads(content)
    except ValueError:
        return [json.loads(line) for line in content.splitlines()]


JSON_SAMPLES = sorted(name for name, files in SAMPLES.items() if min(files).endswith(("json", "jsonl")))


@many
@given(st.data())
def test_wrong_fields(tmp_path, data):
    """JSON with a few parts of it replaced by other values."""
    value = parsed(next(iter(SAMPLES[data.draw(st.sampled_from(JSON_SAMPLES))].values())))
    for _ in range(data.draw(st.integers(1, 3))):
        value = mutate(value, data)
    path = tmp_path / data.draw(st.sampled_from(["a.json", "raw_captions.json"]))
    path.write_text(json.dumps(value), encoding="utf-8")
    check(path, data)


@many
@given(st.data())
def test_wrong_bytes(tmp_path, data):
    """Files with bytes changed, removed or repeated; in the folder with the others of the sample."""
    name = data.draw(st.sampled_from(NAMES))
    damaged = data.draw(st.sampled_from(sorted(SAMPLES[name])))
    with tempfile.TemporaryDirectory(dir=tmp_path) as name_of_folder:
        folder = Path(name_of_folder)
        for file, content in SAMPLES[name].items():
            whole = bytearray(content)
            for _ in range(data.draw(st.integers(1, 4)) if file == damaged else 0):
                start = data.draw(st.integers(0, max(0, len(whole) - 1)))
                size = data.draw(st.integers(0, 12))
                whole[start : start + size] = data.draw(st.binary(max_size=12)) * data.draw(st.integers(1, 3))
            (folder / file).write_bytes(bytes(whole))
        check(folder / damaged if data.draw(st.booleans()) else folder, data)


@settings(many, max_examples=max(1, EXAMPLES // 3))
@given(st.data())
def test_invented_pickles(tmp_path, data):
    value = data.draw(
        st.dictionaries(st.one_of(st.text(max_size=3), st.integers()), st.recursive(_JUNK, st.lists, max_leaves=5))
    )
    for kind in ("raw", "times"):
        (tmp_path / f"{kind}_captions.pkl").write_bytes(pickle.dumps(value, data.draw(st.integers(0, 5))))
    check(tmp_path, data)


@many
@given(
    st.binary(max_size=200) | st.text(st.sampled_from('0123456789.,#\t\n :-"[]{}as'), max_size=200).map(str.encode),
    st.data(),
)
def test_invented_files(tmp_path, content, data):
    path = tmp_path / data.draw(st.sampled_from(["a.txt", "a.mat", "a.json.gz"]))
    header = data.draw(
        st.sampled_from([b"", b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM", b"\x1f\x8b", b"\x80\x04"])
    )
    path.write_bytes(header + content)
    check(path, data)


@pytest.mark.parametrize("text", ["[" * 10**6, '{"a":' * 10**5, "1" * 10**5, "[" + "1," * 10**5 + "1]", "\t" * 10**6])
def test_large_nonsense(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(UserError):
        detect_format(tmp_path / "a.json")

"""Damaged and invented annotation files are read, or rejected with a UserError, in bounded time and memory.

Each input is made from a random seed, because drawing its parts one by one takes several times as long as reading it.
"""

import json
import math
import os
import pickle
import random
import struct
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
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
TASKS = sorted({task for one in FORMATS.values() for task in one.tasks})
pytestmark = pytest.mark.timeout(600 if EXAMPLES <= 10_000 else 0)  # seconds; of a long run no limit
many = settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
seeds = st.integers(0, 2**24 - 1)  # of wider ranges, hypothesis prefers small numbers

# Values that are wrong for most fields; every one can also replace a list or an object.
_ODD = (
    None, True, False, 0, 1, -1, 10**30, -(10**30), 2**63, 0.0, -0.0, 1e308, 5e-324, math.inf, -math.inf, math.nan,
    [], {}, [[]], [{}], "", "<s0> <e9>", "0:00:00 - 9:99:99", "1.5", "nan", {"a": []}, [[1, 2], [3]], [2, 1],
)  # fmt: skip


def junk(rnd):
    match rnd.randrange(6):
        case 0:
            return rnd.randint(-(10 ** rnd.randrange(31)), 10 ** rnd.randrange(31))
        case 1:
            return struct.unpack("d", rnd.randbytes(8))[0]
        case 2:
            largest = rnd.choice([0x7F, 0x3FF, 0x10FFFF])  # also of half characters
            return "".join(chr(rnd.randint(0, largest)) for _ in range(rnd.randrange(13)))
    return rnd.choice(_ODD)


def check(path, rnd, own=None):
    """Reads a file with every kind of options; often as the format of the sample that it was made from."""
    name = rnd.choice([None, own, rnd.choice(NAMES)])
    event(f"made from a sample of {own}, read as {'its format' if name == own else 'another' if name else 'any'}")
    options = ReadOptions(
        rnd.choice([None, rnd.choice(TASKS)]),
        rnd.choice([None, "all", "training"]),
        rnd.choice([None, "first", "mean"]),
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


def mutate(value, rnd, depth=0):
    """Replaces, removes, repeats or renames one part of a JSON value."""
    if not (isinstance(value, dict | list) and value and (depth == 0 or rnd.randrange(6))):
        return junk(rnd)
    change = rnd.randrange(8)
    if isinstance(value, list):
        index = rnd.randrange(len(value))
        match change:
            case 0:
                return value[:index] + value[index + 1 :]
            case 1:
                return value[: index + 1] + value[index:]
        return [*value[:index], mutate(value[index], rnd, depth + 1), *value[index + 1 :]]
    key = rnd.choice(sorted(value))
    match change:
        case 0:
            return {name: part for name, part in value.items() if name != key}
        case 1:
            return {str(junk(rnd)) if name == key else name: part for name, part in value.items()}
    return {**value, key: mutate(value[key], rnd, depth + 1)}


def parsed(content):
    try:
        return json.loads(content)
    except ValueError:
        return [json.loads(line) for line in content.splitlines()]


JSON_SAMPLES = sorted(name for name, files in SAMPLES.items() if min(files).endswith(("json", "jsonl")))


@many
@given(seeds)
def test_wrong_fields(tmp_path, seed):
    """JSON with a few parts of it replaced by other values."""
    rnd = random.Random(seed)
    own = rnd.choice(JSON_SAMPLES)
    value = parsed(next(iter(SAMPLES[own].values())))
    for _ in range(rnd.randint(1, 3)):
        value = mutate(value, rnd)
    path = tmp_path / rnd.choice(["a.json", "raw_captions.json"])
    lines = isinstance(value, list) and rnd.random() < 0.5
    path.write_text("\n".join(map(json.dumps, value)) if lines else json.dumps(value), encoding="utf-8")
    check(path, rnd, own)


@many
@given(seeds)
def test_wrong_bytes(tmp_path, seed):
    """Files with bytes changed, removed or repeated; in the folder with the others of the sample."""
    rnd = random.Random(seed)
    own = rnd.choice(NAMES)
    damaged = rnd.choice(sorted(SAMPLES[own]))
    with tempfile.TemporaryDirectory(dir=tmp_path) as name_of_folder:
        folder = Path(name_of_folder)
        for file, content in SAMPLES[own].items():
            whole = bytearray(content)
            for _ in range(rnd.randint(1, 4) if file == damaged else 0):
                start = rnd.randrange(max(1, len(whole)))
                size = rnd.choice([0, 1, rnd.randrange(13)])
                whole[start : start + size] = other_bytes(bytes(whole), rnd)
            (folder / file).write_bytes(bytes(whole))
        check(folder / damaged if rnd.random() < 0.5 else folder, rnd, own)


def other_bytes(whole, rnd):
    """A few bytes: any, one of those that separate fields, or a part of the file."""
    match rnd.randrange(3):
        case 0:
            return rnd.randbytes(rnd.randrange(13)) * rnd.randint(1, 3)
        case 1:
            return rnd.choice(b'0123456789.,:;#- \t\n"[]{}').to_bytes() * rnd.choice([1, 1, 2, 40])
    start = rnd.randrange(max(1, len(whole)))
    return whole[start : start + rnd.randrange(60)]


@settings(many, max_examples=max(1, EXAMPLES // 3))
@given(seeds)
def test_invented_pickles(tmp_path, seed):
    rnd = random.Random(seed)
    value = {str(junk(rnd)) if rnd.random() < 0.8 else rnd.randrange(9): invented(rnd) for _ in range(rnd.randrange(4))}
    for kind in ("raw", "times"):
        (tmp_path / f"{kind}_captions.pkl").write_bytes(pickle.dumps(value, rnd.randrange(6)))
    check(tmp_path, rnd, "queryd")


def invented(rnd, depth=0):
    return [invented(rnd, depth + 1) for _ in range(rnd.randrange(4))] if rnd.randrange(3) > depth else junk(rnd)


@many
@given(seeds)
def test_invented_files(tmp_path, seed):
    rnd = random.Random(seed)
    header = rnd.choice([b"", b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM", b"\x1f\x8b", b"\x80\x04"])
    size = rnd.randrange(200)
    content = rnd.randbytes(size) if rnd.random() < 0.5 else bytes(rnd.choices(b'0123456789.,#\t\n :-"[]{}as', k=size))
    path = tmp_path / rnd.choice(["a.txt", "a.mat", "a.json.gz"])
    path.write_bytes(header + content)
    check(path, rnd)


@pytest.mark.parametrize("text", ["[" * 10**6, '{"a":' * 10**5, "1" * 10**5, "[" + "1," * 10**5 + "1]", "\t" * 10**6])
def test_large_nonsense(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(UserError):
        detect_format(tmp_path / "a.json")

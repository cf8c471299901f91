"""Questions about one video share its encoding, and nothing of it is used where anything that decides it differs."""

import dataclasses
import os
import shutil

import jax
import pytest

from tests.support import sample_videos
from timesuite_jax.registry import Answers, load
from timesuite_jax.text import Turn, remove_markers
from timesuite_jax.videochat_t.answering.answerer import Answerer
from timesuite_jax.videochat_t.answering.ask import ask
from timesuite_jax.videochat_t.answering.encodings import EncodingCache
from timesuite_jax.videochat_t.data.sample import Sample

QUESTIONS = [f"When is the {colour} {shape} visible?" for colour in ("red", "blue") for shape in ("circle", "square")]


@pytest.fixture(scope="module")
def model(tiny_run):
    """A model with random weights of a size at which answers depend on questions and earlier turns."""
    loaded = load(tiny_run, Answers)
    leaves, treedef = jax.tree.flatten(jax.jit(loaded.task.init)(jax.random.key(0)))
    keys = jax.random.split(jax.random.key(0), len(leaves))
    changed = [x + 0.1 * jax.random.normal(key, x.shape, x.dtype) for x, key in zip(leaves, keys, strict=True)]
    return dataclasses.replace(loaded, params=treedef.unflatten(changed))


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "video.mp4"
    path.write_bytes(sample_videos.numbered_video(60, rate=12.0))
    return path


@pytest.fixture
def encoded(monkeypatch):
    """Lists the encodings that are made."""
    made, encode = [], Answerer.encode
    monkeypatch.setattr(Answerer, "encode", lambda *args: made.append(args) or encode(*args))
    return made


def test_answers_equal_those_of_whole_prompts(model, video):
    """`Answerer.__call__` runs every prompt from its beginning."""
    answerer, processor = model.task.answerer(model.params), model.task.processor()
    cache, visual = EncodingCache(), processor.video_file_inputs(str(video))
    answers = [ask(answerer, processor, video, question, encodings=cache).generated for question in QUESTIONS]
    prompts = [Sample(visual, processor.conversation([Turn(question)], visual.seconds)) for question in QUESTIONS]
    whole = [answerer(processor.collate([prompt], fixed_length=False))[0] for prompt in prompts]
    assert answers == whole and len(set(answers)) > 1, "equal answers could hide another question's"


def test_a_follow_up_equals_the_whole_conversation(model, video):
    answerer, processor = model.task.answerer(model.params), model.task.processor()
    visual, cache = processor.video_file_inputs(str(video)), EncodingCache()
    first = ask(answerer, processor, video, QUESTIONS[0], encodings=cache)
    turns = [Turn(QUESTIONS[0], remove_markers(first.generated).strip()), Turn("When is it?")]
    prompt = Sample(visual, processor.conversation(turns, visual.seconds))
    whole = answerer(processor.collate([prompt], fixed_length=False))[0]
    alone = ask(answerer, processor, video, "When is it?", encodings=cache)
    after = ask(answerer, processor, video, "When is it?", encodings=cache, history=[first])
    assert after.generated == whole != alone.generated
    assert after.prompt_tokens > alone.prompt_tokens and not after.dropped_turns


def test_the_first_questions_are_dropped_where_all_do_not_fit(model, video):
    answerer, processor = model.task.answerer(model.params), model.task.processor()
    first = ask(answerer, processor, video, QUESTIONS[0])
    last = ask(answerer, processor, video, QUESTIONS[1], history=[first] * 9)
    assert 0 < last.dropped_turns < 9
    expected = ask(answerer, processor, video, QUESTIONS[1], history=[first] * (9 - last.dropped_turns))
    assert expected.dropped_turns == 0 and expected.generated == last.generated
    assert ask(answerer, processor, video, QUESTIONS[1], history=[first] * (10 - last.dropped_turns)).dropped_turns


def test_streamed_text_grows_to_the_answer(model, video):
    answerer, processor = model.task.answerer(model.params, max_new_tokens=32), model.task.processor()
    parts = []
    streamed = ask(answerer, processor, video, QUESTIONS[0], on_text=parts.append)
    assert streamed.generated == ask(answerer, processor, video, QUESTIONS[0]).generated
    assert len(parts) > 1 and all(b.startswith(a) for a, b in zip(parts, [*parts[1:], streamed.answer], strict=True))
    # Times of a clip are moved to those of the video, which needs the whole answer.
    parts.clear()
    ask(answerer, processor, video, QUESTIONS[0], clip=(1.0, 3.0), on_text=parts.append)
    assert not parts


def test_one_encoding_for_one_content(model, video, encoded, tmp_path):
    run, task = model.run, model.task
    answers = [run(task.ask, video, question).answer for question in QUESTIONS]
    shutil.copy(video, tmp_path / "copy.mp4")
    assert [run(task.ask, tmp_path / "copy.mp4", question).answer for question in QUESTIONS] == answers
    assert len(encoded) == 1
    # Another file of the same name, size and time.
    before = video.stat()
    other = bytearray(video.read_bytes())
    other[-1] ^= 1
    video.write_bytes(other)
    os.utime(video, ns=(before.st_atime_ns, before.st_mtime_ns))
    run(task.ask, video, QUESTIONS[0])
    assert len(encoded) == 2


@pytest.mark.parametrize(
    "options", [{"clip": (1.0, 3.0)}, {"prompt": "evaluation"}, {"protocol": "paper"}], ids=lambda one: next(iter(one))
)
def test_other_options_have_another_encoding(model, video, encoded, options):
    model.run(model.task.ask, video, QUESTIONS[0])
    del encoded[:]
    model.run(model.task.ask, video, QUESTIONS[0], **options, max_new_tokens=2)
    assert len(encoded) == 1
    # Decoding does not decide it.
    model.run(model.task.ask, video, QUESTIONS[1], **options, max_new_tokens=2, temperature=1.0, seed=1)
    assert len(encoded) == 1


def test_other_weights_have_another_encoding(model, video, encoded):
    first = model.run(model.task.ask, video, QUESTIONS[0]).generated
    del encoded[:]
    other = {**model.params, "merge_proj": jax.tree.map(lambda x: 3 * x, model.params["merge_proj"])}
    changed = [model.task.ask(params, video, QUESTIONS[0]).generated for params in (other, model.params)]
    assert len(encoded) == 2 and changed[1] == first


def test_the_cache_is_bounded(model, tmp_path, encoded):
    answerer, processor = model.task.answerer(model.params, max_new_tokens=1), model.task.processor()
    videos = [tmp_path / f"{number}.mp4" for number in range(4)]
    for number, path in enumerate(videos):
        path.write_bytes(sample_videos.numbered_video(20 + number, rate=10.0))
    alone = EncodingCache(0)
    ask(answerer, processor, videos[0], QUESTIONS[0], encodings=alone)
    size = alone.nbytes
    cache = EncodingCache(2 * size)
    for path in videos:
        ask(answerer, processor, path, QUESTIONS[0], encodings=cache)
        assert len(cache) <= 2 and cache.nbytes <= 2 * size
    assert len(cache) == 2 and len(alone) == 1 and size > 0
    del encoded[:]
    for path in (videos[3], videos[2], videos[0], videos[2]):  # those used last are kept
        ask(answerer, processor, path, QUESTIONS[0], encodings=cache)
    assert len(encoded) == 1

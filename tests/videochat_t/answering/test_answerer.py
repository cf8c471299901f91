"""`Answerer`: answers do not depend on batch size or padding; `ask`: single questions about files."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from tests.support import corpus_questions, sample_videos
from timesuite_jax import parallel
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import run_benchmark
from timesuite_jax.models.text.kv_cache import KVCache
from timesuite_jax.registry import Answers, load
from timesuite_jax.videochat_t.answering.answerer import Reply, answering_calls
from timesuite_jax.videochat_t.answering.ask import ask
from timesuite_jax.videochat_t.answering.encoded_video import EncodedVideo
from timesuite_jax.videochat_t.benchmarks.grounding import GroundingBenchmark
from timesuite_jax.videochat_t.model.videochat_t import VideoChatT


@pytest.fixture(scope="module")
def run(tiny_run):
    loaded = load(tiny_run, Answers)
    return loaded.task, loaded.params


@pytest.fixture(scope="module")
def answerer(run):
    task, params = run
    return task.answerer(params)


def test_answers_do_not_depend_on_the_batch_size(run, tiny_corpus):
    task, params = run
    answers = []
    for size in (1, 8):
        result = run_benchmark(GroundingBenchmark([str(tiny_corpus)]), task.predictor(params), batch_size=size)
        answers.append([prediction.answer for prediction in result.predictions.values()])
    assert answers[0] == answers[1]
    assert len(set(answers[0])) > 2, "all answers are alike, so this test could not fail"


def test_a_second_answerer_does_not_compile(run, answerer, tiny_corpus, caplog):
    task, params = run
    batch = corpus_questions.first_batch(task.processor(), tiny_corpus, 8)
    answers = answerer(batch)
    caplog.clear()
    with jax.log_compiles():
        assert task.answerer(params)(batch) == answers
    assert not [record.message for record in caplog.records if "XLA compilation" in record.message]


def test_answers_do_not_depend_on_padding(run, answerer, tiny_corpus):
    task, _ = run
    batch = corpus_questions.first_batch(task.processor(), tiny_corpus, 8)
    longer = dict(batch)
    for name, fill in (("tokens", 0), ("visual_slot", -1), ("valid", False)):
        longer[name] = np.pad(longer[name], ((0, 0), (0, 16)), constant_values=fill)
    assert answerer(batch) == answerer(longer)


def test_sampling_is_reproducible_and_seeded(run, tiny_corpus):
    task, params = run
    batch = corpus_questions.first_batch(task.processor(), tiny_corpus, 8)
    drawn = [task.answerer(params, temperature=1.0, seed=seed)(batch) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def no_cache():
    return KVCache.empty(layers=1, batch=1, kv_heads=1, capacity=1, head_width=2, dtype=jnp.float32)


def test_ask_shows_the_given_window(run, answerer, tmp_path):
    task, _ = run
    video = tmp_path / "video.mp4"
    video.write_bytes(sample_videos.numbered_video(60, rate=12.0))
    seen = []

    class Spy:
        """Keeps what it sees."""

        weights, input_settings = (), {}

        def encode(self, batch, row):
            seen.append(batch)
            return EncodedVideo(jnp.zeros((1, 1, 1)), no_cache(), row.tokens[:0], row.visual_slot[:0])

        def reply(self, encoded, row, **more):
            return Reply("From 0.5 to 1.5 seconds.", 1, 1, True)

    spy = Spy()
    whole = ask(spy, task.processor(), video, "When?")
    late = ask(spy, task.processor(), video, "When?", clip=(2.0, float("inf")))
    part = ask(spy, task.processor(), video, "When?", clip=(1.0, 3.0))
    assert [round(result.duration, 2) for result in (whole, late, part)] == [5.0, 5.0, 5.0]
    assert whole.spans == ((0.5, 1.5),) and late.spans == ((2.5, 3.5),) and part.spans == ((1.5, 2.5),)
    assert [result.clip for result in (whole, late, part)] == [None, (2.0, pytest.approx(5.0)), (1.0, 3.0)]
    assert late.answer == "From 2.5 to 3.5 seconds." and late.as_json()["clip"] == late.clip
    numbers = [[sample_videos.number_of(frame) for frame in batch["frames"].reshape(-1, 16, 16, 3)] for batch in seen]
    assert min(numbers[1]) >= 24 and min(numbers[2]) >= 12 and max(numbers[2]) <= 36
    assert max(numbers[1]) > 48 and min(numbers[0]) < 12


@pytest.mark.parametrize(
    ("question", "clip", "message"),
    [
        ("  ", None, "question is empty"),
        ("W\udcffhen?", None, r"contains '\\udcff', which is no character"),
        ("When </Video>?", None, r"contains </Video>, a marker of the prompt; leave it out"),
        ("when " * 200, None, "does not fit"),
        ("When?", (9.0, float("inf")), r"no clip from 9 s to its end .*5\.0 s"),
        ("When?", (3.0, 2.0), "has no clip from"),
        ("When?", (-1.0, 2.0), "has no clip from"),
    ],
)
def test_unusable_questions(run, answerer, tmp_path, question, clip, message):
    task, _ = run
    video = tmp_path / "video.mp4"
    video.write_bytes(sample_videos.numbered_video(60, rate=12.0))
    with pytest.raises(UserError, match=message):
        ask(answerer, task.processor(), video, question, clip=clip)


def test_no_device_gets_all_pixels_of_one_video(run):
    task, _ = run
    spec = dataclasses.replace(task.config.model, num_frames=2 * 12, tape_clips=2, clips_at_once=1)
    model = VideoChatT(spec)  # 12 clips on 8 devices: two rounds, padded to 16 clips
    blank = {name: array[:1] for name, array in task.abstract_batch().items()}
    by_clip = ("frames", "clip_text", "clip_text_mask")
    batch = {name: np.repeat(array, 6, axis=1) if name in by_clip else array for name, array in blank.items()}
    shapes = nn.meta.unbox(jax.eval_shape(model.init, jax.random.key(0), batch)["params"])
    with parallel.mesh_context(parallel.make_mesh(), parallel.DEFAULT_RULES):
        encode = answering_calls(model, shapes, batch, 4)["encode"]
        memory = encode.function.lower(*encode.arguments).compile().memory_analysis()
    parameters = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(shapes))
    assert memory.argument_size_in_bytes < parameters + batch["frames"].nbytes / 4

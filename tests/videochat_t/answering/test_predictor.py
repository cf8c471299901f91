"""`VideoChatPredictor`: questions as arrays, and what the two controls change in them."""

import dataclasses

import numpy as np
import pytest

from tests.support import corpus_questions, tiny_config
from tests.support.corpus_questions import no_answers, prepare
from timesuite_jax.data.corpora import CorpusShare, CorpusWriter, Mixture, Record
from timesuite_jax.data.synthetic import MovingShapesSpec, SyntheticCorpusSpec, make_corpus
from timesuite_jax.errors import UserError
from timesuite_jax.text import Turn, load_clip_tokenizer, load_tokenizer
from timesuite_jax.videochat_t.answering.predictor import VideoChatPredictor
from timesuite_jax.videochat_t.benchmarks.grounding import GroundingBenchmark
from timesuite_jax.videochat_t.config import VideoChatTConfig
from timesuite_jax.videochat_t.data.processor import Processor


@pytest.fixture(scope="module")
def processor(tiny_corpus):
    config = VideoChatTConfig.from_config(tiny_config.get_config(str(tiny_corpus)))
    return Processor(
        config.data, config.video_inputs(), load_tokenizer(tiny_corpus), load_clip_tokenizer(tiny_corpus), train=False
    )


def frames_of(questions) -> np.ndarray:
    return np.stack([question.sample.video.frames for question in questions])


def test_prompts_are_questions_without_their_answers(processor, tiny_corpus):
    batch, tokenizer = corpus_questions.first_batch(processor, tiny_corpus, 12), load_tokenizer(tiny_corpus)
    for row, example in enumerate(GroundingBenchmark([str(tiny_corpus)]).examples()[:12]):
        turn = example.turn
        text = tokenizer.decode(batch["tokens"][row][batch["valid"][row]].tolist())
        assert turn.question in text and turn.answer not in text
    assert not batch["loss_mask"].any()


def test_batches_are_padded_to_one_shape(processor, tiny_corpus):
    predictor, questions = VideoChatPredictor(no_answers, processor), prepare(processor, tiny_corpus, limit=5)
    full, padded, empty = (predictor.collate(questions[:number], 5) for number in (5, 2, 0))
    shapes = [{name: array.shape for name, array in batch.items()} for batch in (full, padded, empty)]
    assert shapes[0] == shapes[1] == shapes[2] and shapes[0]["tokens"] == (5, 96)
    for array in padded.values():
        np.testing.assert_array_equal(array[2:], np.repeat(array[1:2], 3, axis=0))


def test_limit_is_of_each_corpus(tiny_corpus):
    examples = GroundingBenchmark([str(tiny_corpus)] * 2, limit=3).examples()
    assert len({example.id for example in examples}) == len(examples)
    assert len({example.id.split(".")[0] for example in examples}) == 6  # records


def test_foreign_frames_change_the_frames_alone(processor, tiny_corpus):
    plain, foreign = (prepare(processor, tiny_corpus, control=control) for control in ("none", "foreign_frames"))
    count = len(plain)
    batches = [VideoChatPredictor(no_answers, processor).collate(questions, count) for questions in (plain, foreign)]
    for name in batches[0].keys() - {"frames"}:
        np.testing.assert_array_equal(batches[0][name], batches[1][name])
    # Every video has the frames of the next.
    videos = [example.source for example in GroundingBenchmark([str(tiny_corpus)]).examples()]
    of_video = dict(zip(videos, frames_of(plain), strict=True))
    following = dict(zip(of_video, [*list(of_video)[1:], videos[0]], strict=True))
    for video, frames in zip(videos, frames_of(foreign), strict=True):
        np.testing.assert_array_equal(frames, of_video[following[video]])


def test_foreign_frames_need_a_second_video(processor, tiny_corpus):
    with pytest.raises(UserError, match="at least two videos"):
        prepare(processor, tiny_corpus, limit=1, control="foreign_frames")


def test_foreign_frames_are_of_another_video_where_videos_have_several_records(processor, tmp_path):
    spec = SyntheticCorpusSpec("pairs", 4, MovingShapesSpec(objects=(0.0, 1.0)), each_object=True)
    make_corpus(tmp_path / "pairs", spec, seed=1, quiet=True)
    plain = frames_of(prepare(processor, tmp_path / "pairs"))
    foreign = frames_of(prepare(processor, tmp_path / "pairs", control="foreign_frames"))
    # Both questions about a video see the frames of the next one.
    np.testing.assert_array_equal(foreign, np.roll(plain, -2, axis=0))
    assert all(not np.array_equal(*pair) for pair in zip(plain, foreign, strict=True))


def test_foreign_frames_are_decoded_once(processor, tiny_corpus, monkeypatch):
    decoded = []
    video_inputs = Processor.video_inputs
    monkeypatch.setattr(
        Processor, "video_inputs", lambda self, record: decoded.append(record.id) or video_inputs(self, record)
    )
    prepare(processor, tiny_corpus, control="foreign_frames")
    assert len(decoded) == 13  # the first video again for the last question


def test_an_undecodable_donor_of_frames_is_passed_over_and_tried_once(processor, tiny_corpus, tmp_path, monkeypatch):
    corpus = Mixture([CorpusShare(str(tiny_corpus))])
    records = [dataclasses.replace(corpus.read(number), source=f"{number}.mp4") for number in range(3)]
    records[1] = dataclasses.replace(records[1], video=b"no video")
    CorpusWriter(tmp_path / "three", "three").write([records])
    plain = [processor.video_inputs(record).frames for record in (records[0], records[2])]
    decoded = []
    video_inputs = Processor.video_inputs
    monkeypatch.setattr(
        Processor, "video_inputs", lambda self, record: decoded.append(record.source) or video_inputs(self, record)
    )
    benchmark = GroundingBenchmark([str(tmp_path / "three")], control="foreign_frames")
    predictor = VideoChatPredictor(no_answers, processor)
    examples = list(benchmark.examples())
    questions = [predictor.prepare(benchmark.prompt(example)) for example in (examples[0], examples[-1])]
    np.testing.assert_array_equal(questions[0].sample.video.frames, plain[1])
    np.testing.assert_array_equal(questions[1].sample.video.frames, plain[0])
    # The first video's donor is the damaged one, then the last, which is also the next video that is asked about. Its
    # donor is the first video, which is no longer among the latest two.
    assert decoded == ["0.mp4", "1.mp4", "2.mp4", "0.mp4"]


def test_rescaled_stamps_change_every_time_and_no_frame(processor, tiny_corpus):
    plain, scaled = (prepare(processor, tiny_corpus, control=control) for control in ("none", "rescaled_stamps"))
    np.testing.assert_array_equal(frames_of(plain), frames_of(scaled))
    for before, after in zip(plain, scaled, strict=True):
        assert before.time_scale == 1.0 and after.time_scale in (1.4, 1 / 1.5)
        assert after.duration == pytest.approx(before.duration * after.time_scale)
        assert len(str(int(after.duration))) == len(str(int(before.duration)))
        assert not np.array_equal(before.sample.video.clip_text, after.sample.video.clip_text)
        assert not np.array_equal(before.sample.conversation.row.tokens, after.sample.conversation.row.tokens)


def test_unusable_records_raise(processor, tmp_path, tiny_corpus):
    good = Mixture([CorpusShare(str(tiny_corpus))]).read(0)
    talk = (Turn("What is this?", "A video."),)
    long = (Turn("When is the red circle visible? " * 20, "From 1.0 to 2.0 seconds."),)
    fields = {"corpus": "odd", "task": "temporal_video_grounding", "source": "a.mp4", "duration": good.duration}
    records = [
        Record(id="odd/0", **fields, video=good.video, turns=talk, spans=()),
        Record(id="odd/1", **fields, video=b"no video", turns=long, spans=((0.5, 1.0),)),
        Record(id="odd/2", **fields, video=good.video, turns=long, spans=((0.5, 1.0),)),
    ]
    CorpusWriter(tmp_path / "odd", "odd").write([records])
    benchmark, predictor = GroundingBenchmark([str(tmp_path / "odd")]), VideoChatPredictor(no_answers, processor)
    for example, message in zip(
        benchmark.examples(), ("odd/0 has no question", "cannot be opened", "needs .* tokens"), strict=True
    ):
        with pytest.raises(UserError, match=message):
            predictor.prepare(benchmark.prompt(example))

"""Scoring a corpus, with answerers that know, guess, or cannot see."""

import numpy as np
import pytest

from tests.support import tiny_config
from timesuite_jax.data.corpora import CorpusShare, CorpusWriter, Mixture, Record
from timesuite_jax.errors import UserError
from timesuite_jax.text import load_clip_tokenizer, load_tokenizer
from timesuite_jax.videochat_t.benchmarks.grounding import GROUNDING_FIGURES, evaluate_grounding
from timesuite_jax.videochat_t.config import VideoChatTConfig
from timesuite_jax.videochat_t.data.processor import Processor


@pytest.fixture(scope="module")
def preparer(tiny_corpus):
    config = VideoChatTConfig.from_config(tiny_config.get_config(str(tiny_corpus)))
    return Processor(config.sample(train=False), load_tokenizer(tiny_corpus), load_clip_tokenizer(tiny_corpus))


class Seer:
    """Knows each film by its frames, and answers with its true span as a share of the time stamps that it reads."""

    def __init__(self, preparer, corpus, tokenizer):
        mixture = Mixture([CorpusShare(str(corpus))])
        self.tokenizer, self.known, self.batches = tokenizer, {}, []
        for number in range(mixture.visits):
            record = mixture.read(number)
            visual = preparer.visual(record)
            last = visual.seconds[-1]
            self.known[visual.frames.tobytes()] = [edge / last for edge in record.spans[0]]

    def __call__(self, batch):
        self.batches.append(batch)
        answers = []
        for row in range(len(batch["tokens"])):
            text = self.tokenizer.decode(batch["tokens"][row][batch["valid"][row]].tolist())
            stamps = text.split("<Video>")[-1].split(" frames sampled ")[-1].split(" seconds")[0]
            last = float(stamps.replace(",", " ").split()[-1])
            start, end = (share * last for share in self.known[batch["frames"][row].tobytes()])
            answers.append(f"From {start:.2f} to {end:.2f} seconds.")
        return answers


def test_a_seer_is_right_and_the_controls_unmask_it(preparer, tiny_corpus):
    seer = Seer(preparer, tiny_corpus, load_tokenizer(tiny_corpus))
    asked = []

    def ask(control):
        return evaluate_grounding(
            seer, preparer, [str(tiny_corpus)], batch_size=5, control=control, on_progress=asked.append
        )

    plain, foreign, rescaled = ask("none"), ask("foreign_frames"), ask("rescaled_stamps")
    assert asked[:3] == [5, 5, 2] and len(plain.predictions) == 12
    assert tuple(plain.figures()) == GROUNDING_FIGURES
    assert plain.figures()["r1_iou_0.7"] == 1.0 and plain.figures()["n"] == 12
    assert plain.figures()["dropped"] == plain.figures()["parse_failures"] == 0
    # It tells where the other film's event is ...
    assert foreign.figures()["r1_iou_0.5"] < 0.7
    # ... and follows the stamps: right in the new seconds, wrong in the old.
    assert rescaled.figures()["r1_iou_0.7"] == 1.0
    old = [prediction.prompt.spans[0] for prediction in plain.predictions]
    assert rescaled.scores_against(old).summary()["r1_iou_0.7"] < 0.5


def test_answers_that_ignore_the_video_pass_the_frame_control(preparer, tiny_corpus):
    """And so give themselves away: the figure does not fall."""

    def constant(batch):
        return ["From 1.0 to 3.0 seconds."] * len(batch["tokens"])

    figures = [
        evaluate_grounding(constant, preparer, [str(tiny_corpus)], batch_size=4, control=control).figures()
        for control in ("none", "foreign_frames")
    ]
    assert figures[0] == figures[1]


def test_answers_without_a_span_are_failures_not_omissions(preparer, tiny_corpus):
    def mute(batch):
        return ["I do not know."] * len(batch["tokens"])

    result = evaluate_grounding(mute, preparer, [str(tiny_corpus)], batch_size=8)
    figures = result.figures()
    assert figures["n"] == 12 and figures["parse_failures"] == 1.0 and figures["miou"] == 0.0
    assert result.predictions[0].span is None and result.predictions[0].timeline().note == "IoU 0.00"


def test_first_span_is_scored(preparer, tiny_corpus):
    def talker(batch):
        return ["From 1.0 to 2.0 seconds and from 3.0 to 4.0 seconds."] * len(batch["tokens"])

    prediction = evaluate_grounding(talker, preparer, [str(tiny_corpus)], batch_size=8, limit=1).predictions[0]
    assert prediction.span == (1.0, 2.0) and prediction.spans == ((1.0, 2.0), (3.0, 4.0))
    assert np.isfinite(float(prediction.timeline().note.removeprefix("IoU ")))


def test_a_corpus_without_spans_is_told(preparer, tiny_corpus, tmp_path):
    record = Mixture([CorpusShare(str(tiny_corpus))]).read(0)
    record = Record("talk/0", "talk", "conversation", record.turns, record.duration, video=record.video, source="a.mp4")
    CorpusWriter(tmp_path / "talk", "talk").write([[record]])
    with pytest.raises(
        UserError, match=r"nothing to evaluate in .*talk: record talk/0 has no question with a true span"
    ):
        evaluate_grounding(lambda batch: [], preparer, [str(tmp_path / "talk")], batch_size=8)

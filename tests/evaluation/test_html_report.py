"""Reports: escaped texts, nothing from elsewhere, intervals, examples, and what is missing."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import run_benchmark
from timesuite_jax.evaluation.html_report import Lane, ReportCard, extreme_examples, write_report
from timesuite_jax.evaluation.html_report.cards import card_html
from timesuite_jax.evaluation.html_report.markup import tag
from timesuite_jax.evaluation.result import DroppedExample, Result
from timesuite_jax.evaluation.scores import Scores
from timesuite_jax.videochat_t.answering.predictor import VideoAnswer
from timesuite_jax.videochat_t.benchmarks.grounding import GroundingBenchmark
from timesuite_jax.videochat_t.benchmarks.grounding_prediction import GroundingPrediction
from timesuite_jax.videochat_t.benchmarks.published.choices.choice_prediction import ChoicePrediction
from timesuite_jax.videochat_t.benchmarks.report_cards import report_card, write_benchmark_report

SCRIPT = "<script>alert('x')</script> \"quoted\" & <img src=x onerror=y>"
_VOID = {"meta", "img"}


class Page(HTMLParser):
    """Collects elements, the attributes that load something, and the text; checks that elements are nested."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.loaded: list[str] = []
        self.handlers: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        assert not self._open

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.loaded += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.text += data


class Answers:
    """A predictor whose answers contain markup, or a span."""

    settings = {"layout": SCRIPT}  # noqa: RUF012

    def prepare(self, prompt):
        return prompt

    def predict(self, inputs, batch_size):
        return [
            VideoAnswer(SCRIPT if number % 2 else "1.0 - 2.0", one.record.length, frames=4)
            for number, one in enumerate(inputs)
        ]


@pytest.fixture(scope="module")
def page(tiny_corpus, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report") / "new"
    benchmark = GroundingBenchmark([str(tiny_corpus)])
    result = run_benchmark(benchmark, Answers(), batch_size=8, settings={"weights": "0123abcd"})
    write_benchmark_report(benchmark, result, f"grounding: {SCRIPT}", folder)
    assert [file.name for file in folder.iterdir()] == ["index.html"]
    return (folder / "index.html").read_text(encoding="utf-8")


def test_nothing_is_loaded_or_run_and_texts_are_escaped(page):
    parsed = Page(page)
    assert "script" not in parsed.elements and "link" not in parsed.elements and not parsed.handlers
    assert parsed.loaded and all(source.startswith("data:image/jpeg;base64,") for source in parsed.loaded)
    assert "url(" not in page and "@import" not in page and "default-src 'none'" in page.replace("&#x27;", "'")
    assert parsed.text.count(SCRIPT) > 3  # title, heading, answers, a setting


def test_the_page_has_all_sections(page):
    text = Page(page).text
    for heading in ("Scores", "Histograms", "Parts", "Worst examples", "Best examples", "Settings"):
        assert heading in text
    assert "95 % interval" in text and "by span length" in text and "weights 0123abcd" in text
    assert "no span in the answer" in text and re.search(r"\d questions scored", text)


def result(values, groups=None, **options):
    predictions = {
        f"q{number}": GroundingPrediction(f"q{number}", "v", "?", "!", (), ((0.0, 1.0),), 2.0)
        for number in range(len(values))
    }
    scores = Scores({"miou": np.array(values)}, groups or [str(number) for number in range(len(values))], **options)
    return Result(predictions, [], scores, {})


def test_extreme_examples():
    worst, best = extreme_examples(result([0.5, 0.1, 0.9, np.nan, 0.3, 0.7]))
    assert worst == ["q1", "q4", "q0"] and best == ["q2", "q5"]
    assert extreme_examples(result([0.4])) == (["q0"], [])
    worst, _ = extreme_examples(result([0.0] * 20, ["a"] * 15 + ["b", "c", "d", "e", "f"]))
    assert worst == ["q0", "q15", "q16", "q17", "q18", "q19"]  # one of each video


def test_what_is_missing_is_listed(tmp_path):
    found = result([0.5, 1.0], details={"missing_videos": 1, "names_of_missing_videos": ["<b>lost"]}, coverage="2 of 3")
    found = Result(found.predictions, [DroppedExample("q9", "its video does not exist")], found.scores, {})
    text = Page(write_report(found, "t", [], [], tmp_path).read_text(encoding="utf-8")).text
    assert "1 missing videos" in text and "<b>lost" in text and "q9: its video does not exist" in text
    assert "miou (2 of 3)" in text and "1 videos missing" in text and "1 not scored" in text


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot write to"):
        write_report(result([0.5]), "t", [], [], tmp_path / "file")


def test_spans_beyond_the_timeline_are_marks_at_its_edge():
    card = ReportCard("q", "v", "s", [], [Lane("answer", [(100.0, 200.0), (2.0, 4.0), (-3.0, 1.0)])], duration=8.0)
    drawn = re.findall(r"left:([\d.]+)%;width:([\d.]+)%", card_html(card))
    assert drawn == [("99.50", "0.50"), ("25.00", "25.00"), ("0.00", "12.50")]


def test_options_of_a_choice_are_marked():
    prediction = ChoicePrediction("q", "v", "which?", ("red", "blue"), "(A)", (0,), 1)
    text = Page(card_html(report_card("q", prediction, "", "accuracy 0.00", ()))).text
    assert "A. red (chosen)" in text and "B. blue (right)" in text


def test_attributes_are_escaped():
    assert tag("i", title='"><b>') == '<i title="&quot;&gt;&lt;b&gt;"></i>'

"""The terminal's lines have units and fit; no metric, word or path is broken."""

import io
import re

import pytest
import rich.console

from timesuite_jax.monitoring.terminal import FILE_WIDTH, Terminal

METRICS = {
    "loss": 6.448, "accuracy": 0.001536, "grad_norm": 17.23, "lr": 0.0003, "seconds_per_step": 0.378,
    "input_wait": 0.001, "tflops_per_device": 0.005294, "tokens_per_second": 5415.2, "frames_per_second": 677.1,
    "videos_per_second": 2.13, "peak_memory_gib": 1.371, "goodput": 0.017, "hours/compile": 0.1, "mfu": 0.5,
}  # fmt: skip
PARTS = [
    "step 5/20", "loss 6.448", "accuracy 0.001536", "grad_norm 17.23", "lr 0.0003", "0.378 s/step", "input wait 0.1%",
    "0.00529 TFLOP/s per device", "5,415 tokens/s", "677 frames/s", "2.1 videos/s", "peak memory 1.37 GiB",
    "goodput 1.7%", "mfu 50.0%",
]  # fmt: skip


def printed(width: int, write, *, terminal: bool = True) -> list[str]:
    file = io.StringIO()
    console = rich.console.Console(file=file, width=width, force_terminal=terminal, color_system=None, soft_wrap=True)
    shown = Terminal(20, console=console)
    write(shown)
    shown.close()
    text = re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", file.getvalue())  # the bar moves the cursor
    return [line.rstrip() for line in text.replace("\r", "\n").splitlines() if line.strip() and "training" not in line]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
def test_metrics_fit_the_terminal(width: int):
    lines = printed(width, lambda terminal: terminal.write_scalars(5, METRICS))
    assert max(map(len, lines)) <= width
    assert [part for line in lines for part in line.strip().split("  ")] == PARTS
    assert [line.startswith(" ") for line in lines] == [index > 0 for index in range(len(lines))]
    # As few lines as possible: no first part of a line fits on the line before.
    firsts = [line.strip().split("  ")[0] for line in lines]
    assert all(len(line) + 2 + len(first) > width for line, first in zip(lines, firsts[1:], strict=False))


def test_lines_of_a_file_do_not_depend_on_columns():
    for width in (20, 500):
        lines = printed(width, lambda terminal: terminal.write_scalars(5, METRICS), terminal=False)
        assert FILE_WIDTH // 2 < max(map(len, lines)) <= FILE_WIDTH


@pytest.mark.parametrize("width", [40, 80, 120])
def test_words_and_paths_of_texts_are_not_broken(width: int):
    path = "/a/long-path/" + "x" * width
    text = f"[3 of 5] tensors from {path}, the others fresh, and so on until the end of this long line " + "word " * 40
    lines = printed(width, lambda terminal: terminal.write_texts(7, {"start": text}))
    assert " ".join(line.strip() for line in lines).split() == f"step 7/20 start: {text}".split()
    assert all(len(line) <= width or path in line for line in lines)

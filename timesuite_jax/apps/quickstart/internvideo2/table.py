"""The accuracies of InternVideo2's quickstart as a table, each beside the controls that it must be compared with."""

from rich.console import Console
from rich.table import Table

from timesuite_jax.apps.quickstart.internvideo2.config import VIEWS
from timesuite_jax.apps.quickstart.internvideo2.pipeline import Result
from timesuite_jax.data.synthetic import ORDERED_EVENTS, SINGLE_EVENTS

_SHOWN = ("top1", *ORDERED_EVENTS.attributes)  # names as in the JSON


def print_table(result: Result, console: Console) -> None:
    """Prints the accuracies."""
    config, few = result.config, result.config.few_videos
    table = Table(title="classes of held-out videos")
    table.add_column("accuracy")
    table.add_column("name in results.json", overflow="fold")
    for name in _SHOWN:  # on a narrow terminal texts are wrapped, values are never cut
        table.add_column(name, justify="right", min_width=len("0.000"), overflow="fold")
    chance = {"top1": 1 / len(ORDERED_EVENTS.classes), **dict.fromkeys(ORDERED_EVENTS.attributes, 0.5)}
    rows = (
        ("chance", "", chance),
        (f"pretrained, fine-tuned on {config.train_videos} labels", "finetuned", None),
        (f"  {VIEWS} views of each video", "views", None),
        ("  shuffled frames (must fall to chance)", "shuffled", None),
        ("  one frame, repeated (must fall to chance)", "one_frame", None),
        ("attentive probe of the pretrained encoder", "probe", None),
        ("  of a random encoder", "random_probe", None),
        (f"{few} labels, pretrained (mean of {config.repeats})", "few_pretrained", None),
        (f"  from scratch (mean of {config.repeats})", "few_scratch", None),
    )
    for label, name, known in rows:
        values = known or result.scores[name]
        table.add_row(label, f"{name}_..." if name else "", *(f"{values[shown]:.3f}" for shown in _SHOWN))
    console.print(table)
    for label, row in (("pretrained", "few_pretrained"), ("from scratch", "few_scratch")):
        values = ", ".join(f"{value:.3f}" for value in result.repeats[row])
        console.print(f"{few} labels, {label}: top1 {values}")
    teacher = result.scores["teacher"]["top1"]
    console.print(
        f"{config.test_videos} videos; the teacher's own classes, on videos of one event: teacher_top1 {teacher:.3f} "
        f"(chance {1 / len(SINGLE_EVENTS.classes):.3f})"
    )

"""The quickstart's metrics as a table that says what each must be compared with."""

from rich.console import Console
from rich.table import Table

from timesuite_jax.apps.quickstart.journey import Outcome


def print_outcome(outcome: Outcome, console: Console) -> None:
    """Prints the metrics, the times and where the files lie."""
    metrics = outcome.scores.metrics
    table = Table(title="grounding on held-out films")
    table.add_column("what")
    table.add_column("R@1, IoU 0.5", justify="right")
    table.add_column("R@0.3", justify="right")
    table.add_column("R@0.7", justify="right")
    table.add_column("mIoU", justify="right")
    rows = (
        ("one event in the film", ""),
        ("  the best constant answer", "constant_"),
        ("  a random answer", "random_"),
        ("  frames of another film (must fall to chance)", "foreign_frames_"),
        ("  rescaled time stamps (must follow them)", "rescaled_stamps_"),
        ("  ... scored in the old seconds (must fall)", "rescaled_stamps_old_seconds_"),
        ("two objects: the one asked for", "asked_"),
        ("  the other one (must stay low)", "other_"),
    )
    for words, prefix in rows:
        names = (f"{prefix}r1_iou_0.5", f"{prefix}r1_iou_0.3", f"{prefix}r1_iou_0.7", f"{prefix}miou")
        table.add_row(words, *(f"{metrics[name]:.3f}" if name in metrics else "" for name in names))
    console.print(table)
    console.print(
        f"{metrics['n']:.0f} and {metrics['asked_n']:.0f} questions; "
        f"answers without a span: {metrics['parse_failures']:.1%} and {metrics['asked_parse_failures']:.1%}"
    )
    tensors = outcome.exported["tensors"]
    console.print(f"exported {tensors} tensors under PyTorch names and read them back identical", soft_wrap=True)
    for name, file in outcome.files.items():
        console.print(f"{name}: {file}", soft_wrap=True)
    parts = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in outcome.seconds.items())
    console.print(f"{parts}; {sum(outcome.seconds.values()):.0f} s in all")

"""The metrics of VideoChat-T's quickstart as a table, each beside the controls that it must be compared with."""

from rich.console import Console
from rich.table import Table

from timesuite_jax.apps.quickstart.videochat_t.pipeline import Result

_SHOWN = ("r1_iou_0.3", "r1_iou_0.5", "r1_iou_0.7", "miou")  # names as in the JSON


def print_table(result: Result, console: Console) -> None:
    """Prints the metrics."""
    metrics = result.scores.metrics
    table = Table(title="grounding on held-out videos")
    table.add_column("questions")
    table.add_column("name in results.json", overflow="fold")
    for name in _SHOWN:  # on a narrow terminal texts are wrapped, values are never cut
        table.add_column(name, justify="right", min_width=len("0.000"), overflow="fold")
    rows = (
        ("one event per video", ""),
        ("  the best constant answer", "constant_"),
        ("  a random answer", "random_"),
        ("  frames of another video (must fall to chance)", "foreign_frames_"),
        ("  rescaled time stamps (must follow them)", "rescaled_stamps_"),
        ("  ... scored in the old seconds (must fall)", "rescaled_stamps_old_seconds_"),
        ("two objects: the one in the question", "two_objects_"),
        ("  the other one (must stay low)", "other_object_"),
    )
    for label, prefix in rows:
        values = [metrics.get(f"{prefix}{name}") for name in _SHOWN]
        table.add_row(label, f"{prefix}..." if prefix else "", *("" if v is None else f"{v:.3f}" for v in values))
    console.print(table)
    console.print(
        f"{metrics['n']:.0f} and {metrics['two_objects_n']:.0f} questions; "
        f"answers that the object never appears: absent_answers {metrics['absent_answers']:.1%} and "
        f"{metrics['two_objects_absent_answers']:.1%}; other answers without a span: parse_failures "
        f"{metrics['parse_failures']:.1%} and {metrics['two_objects_parse_failures']:.1%}"
    )
    tensors = result.exported["tensors"]
    console.print(f"exported {tensors} tensors under PyTorch names and imported them again identically", soft_wrap=True)

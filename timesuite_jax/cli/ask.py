"""Asks a question about a video; prints the answer and its time spans, in seconds of the video.

examples:
  timesuite ask data/debug/videos/000000.mp4 "When is the red circle visible?" --workdir runs/debug
  timesuite ask kitchen.mp4 "When is the oven opened?" --workdir runs/finetune --timeline answer.png --json
  timesuite ask kitchen.mp4 "When is the oven opened?" --workdir runs/finetune --start 60 --end 120
  timesuite ask kitchen.mp4 "When is the oven opened?" --config configs/timesuite/paper.py
  timesuite ask kitchen.mp4 "When is the oven open?" --workdir runs/finetune --export answer.srt --export cuts.edl
"""

import argparse
import math
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from etils import epath

from timesuite_jax.cli._model_args import add_model, add_prompt, is_first_process, open_model
from timesuite_jax.cli._outputs import check_outputs
from timesuite_jax.cli._paths import any_path
from timesuite_jax.errors import UserError
from timesuite_jax.json_text import to_json

if TYPE_CHECKING:
    from timesuite_jax.registry.capabilities import VideoAnswer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("video", type=any_path, help="file that FFmpeg can read, e.g. an mp4")
    parser.add_argument("question", help="in quotes")
    add_model(parser)
    add_prompt(parser)
    parser.add_argument("--start", type=float, default=0.0, help="use the video from this second on")
    parser.add_argument("--end", type=float, help="use the video up to this second")
    parser.add_argument("--max-new-tokens", type=int, default=128, help="maximum length of the answer (%(default)s)")
    parser.add_argument("--temperature", type=float, default=0.0, help="0 (default) decodes greedily")
    parser.add_argument("--timeline", type=any_path, metavar="PNG", help="draw the spans of the answer")
    parser.add_argument(
        "--export",
        type=any_path,
        action="append",
        default=[],
        metavar="FILE",
        help="write the spans of the answer for players and editors: .srt, .vtt, .ffmeta or .txt (chapters for FFmpeg, "
        "YouTube), .edl, .otio; may be repeated",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Answers the question.

    Raises:
      UserError: if the video, the question or the model cannot be used.
    """
    if not args.video.is_file():
        raise UserError(f"video {args.video} does not exist or is not a file; give the path of a video file")
    if args.max_new_tokens < 1:
        raise UserError(f"--max-new-tokens {args.max_new_tokens} is less than 1; give at least 1")
    if not 0 <= args.temperature < math.inf:  # also rejects nan
        raise UserError(f"--temperature {args.temperature} is not a number of at least 0; give 0 for greedy decoding")
    check_outputs(args.timeline, *args.export)
    from timesuite_jax import edit_lists, evaluation, registry  # imported late: the checks above take no time

    for file in args.export:
        edit_lists.check_format(file)
    from timesuite_jax.storage.staging import local_copy

    loaded = open_model(args, registry.Answers).load()
    clip = (args.start, math.inf if args.end is None else args.end) if args.start or args.end is not None else None
    answer = loaded.run(
        loaded.task.ask,
        local_copy(args.video),
        args.question,
        clip=clip,
        prompt=args.prompt,
        protocol=args.protocol,
        max_new_tokens=args.max_new_tokens,
        temperature=args.temperature,
    )
    if not is_first_process():
        return 0
    if args.json:
        print(to_json(answer.as_json()))
    else:
        print(answer.answer)
        part = f" (shown: {answer.clip[0]:.1f} - {answer.clip[1]:.1f} s)" if answer.clip else ""
        for start, end in answer.spans:
            print(f"  {start:.1f} - {end:.1f} s of {answer.duration:.1f} s{part}")
    if args.timeline:  # after the answer, so that a full disk does not lose it
        evaluation.draw_timelines([answer.timeline()], args.timeline)
    if args.export:
        _export(answer, args.question, args.video, args.export)
    return 0


def _export(answer: "VideoAnswer", question: str, video: epath.PathLike, files: Sequence[epath.PathLike]) -> None:
    """Writes the spans of an answer; notes on standard error what is not in the files."""
    from timesuite_jax import edit_lists
    from timesuite_jax.storage.staging import local_copy

    edits = edit_lists.make_edit_list(
        edit_lists.read_source(local_copy(video), str(video)),
        answer.spans,
        [caption or question for caption in answer.captions],
        title=question,
        clock=answer.clock,
    )
    if not answer.spans:
        print("timesuite ask: the answer has no spans; the exported files are empty lists", file=sys.stderr)
    for start, end in edits.outside:
        print(f"timesuite ask: {start:.1f} - {end:.1f} s is after the end of the video, not exported", file=sys.stderr)
    for file in files:
        edit_lists.write_edit_list(edits, file)

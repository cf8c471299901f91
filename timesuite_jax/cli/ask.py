"""Asks questions about a video; prints the answers and their time spans, in seconds of the video.

The video is encoded once. Several questions do not know of each other, unless --follow-up is given.

examples:
  timesuite ask data/debug/videos/000000.mp4 "When is the red circle visible?" --workdir runs/debug
  timesuite ask kitchen.mp4 "When is the oven opened?" "When is it closed?" --workdir runs/finetune --json
  timesuite ask kitchen.mp4 "What is baked?" "When is it put into the oven?" --follow-up --workdir runs/finetune
  timesuite ask kitchen.mp4 "When is the oven opened?" --workdir runs/finetune --timeline answer.png
  timesuite ask kitchen.mp4 "When is the oven opened?" --workdir runs/finetune --start 60 --end 120
  timesuite ask kitchen.mp4 "When is the oven opened?" --workdir runs/finetune --long hierarchical --window 120
  timesuite ask kitchen.mp4 "When is the oven opened?" --config configs/timesuite/paper.py
  timesuite ask kitchen.mp4 "When is the oven open?" --workdir runs/finetune --export answer.srt --export cuts.edl
"""

import argparse
import math
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from etils import epath

from timesuite_jax.apps.decoding_options import as_option, check_decoding
from timesuite_jax.cli._answers import AnswerPrinter, export_answer, numbered_files
from timesuite_jax.cli._model_args import add_answers, add_long, add_model, add_prompt, is_first_process, open_model
from timesuite_jax.cli._outputs import check_outputs, check_png
from timesuite_jax.cli._paths import any_path
from timesuite_jax.errors import UserError
from timesuite_jax.json_text import to_json

if TYPE_CHECKING:
    from timesuite_jax.registry.capabilities import VideoAnswer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("video", type=any_path, help="file that FFmpeg can read, e.g. an mp4")
    parser.add_argument("questions", nargs="+", metavar="question", help="in quotes; may be several")
    add_model(parser)
    add_prompt(parser)
    add_answers(parser)
    add_long(parser)
    parser.add_argument("--start", type=float, default=0.0, help="use the video from this second on")
    parser.add_argument("--end", type=float, help="use the video up to this second")
    parser.add_argument("--max-new-tokens", type=int, default=128, help="maximum length of an answer (%(default)s)")
    parser.add_argument("--temperature", type=float, default=0.0, help="0 (default) decodes greedily")
    parser.add_argument("--seed", type=int, default=0, help="of sampling, with --temperature above 0 (%(default)s)")
    parser.add_argument(
        "--follow-up",
        action="store_true",
        help="each question follows on from those before it: they and their answers stay in the prompt",
    )
    parser.add_argument(
        "--timeline", type=any_path, metavar="PNG", help="draw the spans of the answers, one row a question"
    )
    parser.add_argument(
        "--export",
        type=any_path,
        action="append",
        default=[],
        metavar="FILE",
        help="write the spans of the answer for players and editors: .srt, .vtt, .ffmeta or .txt (chapters for FFmpeg, "
        "YouTube), .edl, .otio; of several questions one file each, NAME-1.srt, NAME-2.srt, ...; may be repeated",
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object, or for several questions a list of them"
    )


def run(args: argparse.Namespace) -> int:
    """Answers the questions.

    Raises:
      UserError: if the video, a question or the model cannot be used.
    """
    if not args.video.is_file():
        raise UserError(f"video {args.video} does not exist or is not a file; give the path of a video file")
    check_decoding(args.max_new_tokens, args.temperature, args.seed, shown=as_option)
    if args.window is not None and not 0 < args.window < math.inf:
        raise UserError(f"--window {args.window} is not a number above 0; give seconds, e.g. --window 180")
    if not all(question.strip() for question in args.questions):
        raise UserError('the question is empty; give one, e.g. "When does the man open the oven?"')
    exports = [numbered_files(file, len(args.questions)) for file in args.export]
    check_outputs(args.timeline, *(file for files in exports for file in files), inputs=[args.video])
    check_png(args.timeline)
    from timesuite_jax import edit_lists  # imported late: the checks above take no time

    for file in args.export:
        edit_lists.check_format(file)
    answers = []
    try:
        _ask_all(args, answers)
    except UserError:
        _write(args, answers, exports)  # a question that cannot be answered does not lose the answers before it
        raise
    _write(args, answers, exports)
    return 0


def _ask_all(args: argparse.Namespace, answers: "list[VideoAnswer]") -> None:
    """Appends the answers, and prints them unless --json is given."""
    from timesuite_jax import registry
    from timesuite_jax.storage.staging import local_copy

    model = open_model(args, registry.Answers)
    model.task.check_prompt(args.prompt, args.protocol)
    loaded = model.load()
    clip = (args.start, math.inf if args.end is None else args.end) if args.start or args.end is not None else None
    show = AnswerPrinter(several=len(args.questions) > 1) if is_first_process() and not args.json else None
    for question in args.questions:
        if show:
            show.begin(question)
        answer = loaded.run(
            loaded.task.ask,
            local_copy(args.video),
            question,
            clip=clip,
            prompt=args.prompt,
            protocol=args.protocol,
            max_new_tokens=args.max_new_tokens,
            temperature=args.temperature,
            seed=args.seed,
            history=answers if args.follow_up else (),
            on_text=show and show.on_text,
            answers=args.answers or "auto",
            calibration=loaded.calibration,
            long=args.long,
            window=args.window,
        )
        answers.append(answer)
        if show:
            show.end(answer)
        if answer.dropped_turns and is_first_process():
            left = f"the first {answer.dropped_turns} of {len(answers) - 1} earlier questions"
            print(f"timesuite ask: {left} did not fit into the prompt of {question!r}", file=sys.stderr)
        if not answer.ended and is_first_process():
            cut = f"the answer was cut short at {args.max_new_tokens} tokens; raise --max-new-tokens"
            print(f"timesuite ask: {cut}", file=sys.stderr)


def _write(
    args: argparse.Namespace, answers: "Sequence[VideoAnswer]", exports: Sequence[Sequence[epath.PathLike]]
) -> None:
    """Prints the answers with --json, draws and exports them; `exports` has a file for each question."""
    from timesuite_jax import evaluation

    if not answers or not is_first_process():
        return
    if args.json:
        objects = [answer.as_json() for answer in answers]
        print(to_json(objects if len(args.questions) > 1 else objects[0]))
    if args.timeline:  # after the answers, so that a full disk does not lose them
        evaluation.draw_timelines([answer.timeline() for answer in answers], args.timeline)
    for number, answer in enumerate(answers if exports else ()):
        export_answer(answer, args.video, [files[number] for files in exports])

"""Asks a question about a video; answers in words and in seconds.

examples:
  timesuite ask data/debug/videos/000000.mp4 "When is the red circle visible?" --checkpoint runs/debug
  timesuite ask kitchen.mp4 "When is the oven opened?" --checkpoint runs/finetune --timeline answer.png --json
  timesuite ask kitchen.mp4 "When is the oven opened?" --config configs/timesuite/finetune.py
"""

import argparse
import json
from pathlib import Path

from timesuite_jax.cli._model_args import add_model, is_first_process, load_chat, model_config, on_all_devices
from timesuite_jax.cli._outputs import check_outputs
from timesuite_jax.cli.prompts import add_prompt
from timesuite_jax.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("video", type=Path, help="file that FFmpeg can read, e.g. an mp4")
    parser.add_argument("question", help="in quotes")
    add_model(parser, "--checkpoint")
    add_prompt(parser)
    parser.add_argument("--start", type=float, default=0.0, help="look from this second on")
    parser.add_argument("--end", type=float, help="look up to this second")
    parser.add_argument("--max-new-tokens", type=int, default=128, help="where an answer ends (%(default)s)")
    parser.add_argument("--temperature", type=float, default=0.0, help="0 (default) always gives the same answer")
    parser.add_argument("--timeline", type=Path, metavar="PNG", help="draw the spans of the answer")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Asks.

    Raises:
      UserError: if the video, the question or the checkpoint cannot be used.
    """
    if not args.video.is_file():
        raise UserError(f"there is no video {args.video}; give the path of a file")
    if args.max_new_tokens < 1:
        raise UserError(f"--max-new-tokens {args.max_new_tokens} leaves no room for an answer; give at least 1")
    if not 0 <= args.temperature < float("inf"):  # nan is neither
        raise UserError(f"--temperature {args.temperature} is not 0 or more; 0 is greedy, 1 draws as the model says")
    check_outputs(args.timeline)
    from timesuite_jax import evaluation
    from timesuite_jax.videochat_t.answering.ask import ask  # imported late: a missing file should be told at once

    config = model_config(args)
    task, params = load_chat(args, config)
    answerer = task.answerer(params, max_new_tokens=args.max_new_tokens, temperature=args.temperature)
    clip = None if args.end is None and not args.start else (args.start, float("inf") if args.end is None else args.end)
    with on_all_devices(config, task):
        asked = ask(answerer, task.preparer(args.prompt), args.video, args.question, clip=clip)
    if not is_first_process():
        return 0
    if args.json:
        print(json.dumps(asked.as_json()))
    else:
        print(asked.answer)
        part = f" from second {asked.start:g} on" if asked.start else ""
        for start, end in asked.spans:
            print(f"  {start:.1f} - {end:.1f} s of {asked.duration:.1f} s{part}")
    if args.timeline:  # after the answer, which a disk that is full by now must not cost
        evaluation.draw_timelines([asked.timeline()], args.timeline)
    return 0

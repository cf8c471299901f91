"""Scores a trained model: its answers on corpora with true spans, or where it ranks what users took next.

examples:
  timesuite evaluate --workdir runs/debug --corpus data/debug
  timesuite evaluate --workdir runs/finetune --corpus data/charades_test --predictions answers.jsonl --json
  timesuite evaluate --config configs/timesuite/finetune.py --corpus data/charades_test --prompt evaluation
  timesuite evaluate --workdir runs/beauty --step best
"""

import argparse
import json
from pathlib import Path

from ml_collections import ConfigDict

from timesuite_jax.cli._model_args import (
    add_model,
    is_first_process,
    load_chat,
    load_recommender,
    model_config,
    on_all_devices,
)
from timesuite_jax.cli._outputs import check_outputs
from timesuite_jax.cli.prompts import add_prompt
from timesuite_jax.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    add_model(parser, "--workdir")
    add_prompt(parser)
    parser.add_argument(
        "--corpus",
        action="append",
        metavar="DIR",
        help="built by `timesuite data`; may repeat (of a recommender: one .npz)",
    )
    parser.add_argument("--batch-size", type=int, help="prompts at a time; does not change the answers")
    parser.add_argument("--limit", type=int, help="records of each corpus")
    parser.add_argument(
        "--control",
        choices=["none", "foreign_frames", "rescaled_stamps"],
        default="none",
        help="show frames of another video, or other time stamps (%(default)s)",
    )
    parser.add_argument(
        "--results", type=Path, metavar="DIR", help="store answers as they are made; after a kill the rest is answered"
    )
    parser.add_argument("--predictions", type=Path, metavar="JSONL", help="write every answer")
    parser.add_argument("--timeline", type=Path, metavar="PNG", help="draw the first answers beside the truth")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Evaluates.

    Raises:
      UserError: if the checkpoint or a corpus cannot be used.
    """
    for name in ("batch_size", "limit"):
        value = getattr(args, name)
        if value is not None and value < 1:
            raise UserError(f"--{name.replace('_', '-')} {value} is less than 1; give at least 1")
    check_outputs(args.predictions, args.timeline)
    from timesuite_jax import evaluation
    from timesuite_jax.checkpoints.fingerprint import fingerprint
    from timesuite_jax.progress import progress_bar
    from timesuite_jax.videochat_t.benchmarks.grounding import GroundingBenchmark

    config = model_config(args)
    if config.get("task") == "mqsa_ted":
        return _rank(args, config)
    folders = args.corpus or list(config.to_dict().get("evaluation", {}).get("corpora", ()))
    if not folders:
        raise UserError("nothing to evaluate: the config names no evaluation corpus; give one with --corpus")
    limit = args.limit or config.to_dict().get("evaluation", {}).get("limit")
    # Before the parameters, which take minutes to read: a corpus may be missing.
    benchmark = GroundingBenchmark(folders, limit=limit, control=args.control)
    task, params = load_chat(args, config)
    predictor, batch_size = task.predictor(params, args.prompt), args.batch_size or task.config.evaluation.batch_size
    quiet = args.json or not is_first_process()
    with on_all_devices(config, task), progress_bar("answering", len(benchmark.examples()), quiet=quiet) as advance:
        settings = {"weights": fingerprint(params)} if args.results else {}
        result = evaluation.run_benchmark(
            benchmark,
            predictor,
            batch_size=batch_size,
            folder=args.results,
            settings=settings,
            on_progress=advance,
        )
    if not is_first_process():
        return 0
    if args.json:
        print(json.dumps(result.as_json()))
    else:
        evaluation.print_result(result, ", ".join(folders))
    # Files after the scores, which a disk that is full by now must not cost.
    if args.predictions:
        evaluation.write_predictions(result, args.predictions)
    if args.timeline:
        shown = list(result.predictions.values())[:6]
        evaluation.draw_timelines([prediction.timeline() for prediction in shown], args.timeline)
    return 0


def _rank(args: argparse.Namespace, config: ConfigDict) -> int:
    """The ranking of held-out items by a recommender."""
    from timesuite_jax.mqsa_ted import report as report
    from timesuite_jax.progress import progress_bar

    which = str(args.run_folder or args.config)
    chat = {"--limit": args.limit, "--batch-size": args.batch_size, "--predictions": args.predictions}
    chat |= {
        "--results": args.results,
        "--timeline": args.timeline,
        "--control": args.control != "none",
        "--prompt": args.prompt,
    }
    for option, given in chat.items():
        if given:
            raise UserError(f"{option} is for models that answer questions, but {which} holds a recommender")
    if len(corpora := args.corpus or [None]) > 1:
        raise UserError(f"--corpus {' '.join(args.corpus)}: a recommender knows one set of items; give one file")
    task, params = load_recommender(args, config, corpora[0])
    users, quiet = 2 * task.data.num_users, args.json or not is_first_process()
    with on_all_devices(config, task), progress_bar("ranking", users, quiet=quiet) as advance:
        scores = {split: task.ranking(params, split, advance) for split in ("validation", "test")}
    if not is_first_process():
        return 0
    if args.json:
        print(json.dumps(report.ranking_json(scores)))
    else:
        report.print_ranking(scores, which)
    return 0

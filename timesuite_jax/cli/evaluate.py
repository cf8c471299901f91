r"""Scores a trained model on data with known answers: questions about videos, or the next items of users.

examples:
  timesuite evaluate --workdir runs/debug --data data/debug
  timesuite evaluate --workdir runs/finetune --data data/charades_test --predictions answers.jsonl --json
  timesuite evaluate --config configs/timesuite/paper.py --data data/charades_test
  timesuite evaluate --workdir runs/finetune --data data/charades_test --protocol paper
  timesuite evaluate --workdir runs/finetune --data data/charades_test --answers free
  timesuite evaluate --workdir runs/finetune --data data/multiple_choice --benchmark exact_match
  timesuite evaluate --workdir runs/finetune --benchmark charades_sta --annotations charades_sta_test.txt \
      --videos data/charades --results results/charades_sta --report results/charades_sta
  timesuite evaluate --workdir runs/finetune --benchmark egoschema --annotations questions.json \
      --annotations subset_answers.json --videos data/egoschema --protocol paper
  timesuite evaluate --workdir runs/finetune --data data/held_out --benchmark presence --calibrate
  timesuite evaluate --workdir runs/beauty --step best
"""

import argparse
from pathlib import Path

from timesuite_jax.cli._model_args import add_answers, add_model, add_prompt, is_first_process, open_model
from timesuite_jax.cli._outputs import check_outputs, check_png
from timesuite_jax.cli._paths import any_path, disk_path
from timesuite_jax.errors import UserError
from timesuite_jax.json_text import to_json

# Names of `videochat_t.benchmarks.published.table`, which takes seconds to import.
PUBLISHED = (
    "charades_sta",
    "activitynet_grounding",
    "tacos",
    "ego4d_nlq",
    "activitynet_rtl",
    "timelens_bench",
    "qvhighlights_moments",
    "vue_tr",
    "egoschema",
    "video_mme",
    "video_mme_subtitles",
    "video_mme_v2",
    "mvbench",
    "longvideobench",
    "longvideobench_subtitles",
    "mlvu",
    "youcook2",
    "activitynet_captions",
    "vitt",
    "moviechat",
    "moviechat_breakpoint",
    "qvhighlights_highlights",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    add_model(parser)
    add_prompt(parser)
    add_answers(parser)
    parser.add_argument(
        "--data",
        action="append",
        metavar="PATH",
        help="corpus (repeatable), or .npz of interactions; the default is the config's evaluation data",
    )
    parser.add_argument("--corpus", dest="data", action="append", help=argparse.SUPPRESS)
    parser.add_argument("--batch-size", type=int, help="prompts per batch; does not change the answers")
    parser.add_argument("--limit", type=int, help="number of records of each corpus, or of questions")
    parser.add_argument(
        "--benchmark",
        metavar="NAME",
        help="what is scored. On corpora: grounding (when something happens), presence (whether it happens) or "
        "exact_match (short answers, no spans needed). On official annotation files, with --annotations and --videos: "
        f"{', '.join(PUBLISHED)}. The default is config.evaluation.benchmark",
    )
    parser.add_argument(
        "--annotations",
        action="append",
        type=disk_path,
        metavar="FILE",
        help="official annotation file of the benchmark, as downloaded, or a folder of them (repeatable)",
    )
    parser.add_argument("--videos", type=disk_path, metavar="DIR", help="folder with the videos of --annotations")
    parser.add_argument("--split", metavar="NAME", help="which subset of --annotations, if the file has several")
    parser.add_argument(
        "--control",
        choices=["none", "foreign_frames", "rescaled_stamps"],
        help="control experiment: show the frames of another video, or rescaled time stamps (none)",
    )
    parser.add_argument(
        "--results", type=disk_path, metavar="DIR", help="store answers here, so that an interrupted evaluation resumes"
    )
    parser.add_argument("--predictions", type=any_path, metavar="JSONL", help="write every answer to this file")
    parser.add_argument(
        "--submission",
        type=any_path,
        metavar="JSONL",
        help="write the answers to QVHighlights in the form of its official evaluation",
    )
    parser.add_argument("--timeline", type=any_path, metavar="PNG", help="draw the first answers and the true spans")
    parser.add_argument(
        "--report",
        type=disk_path,
        metavar="DIR",
        help="write one HTML page here: scores, histograms, settings, best and worst answers with frames",
    )
    parser.add_argument(
        "--calibrate",
        action="store_true",
        help="fit a temperature of the confidences on these data, which are to be held out, and keep it beside the run "
        "for later answers (calibration.json): that of presence for whether an event happens, that of grounding for "
        "spans",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Prints the scores.

    Raises:
      UserError: if the model or the data cannot be used.
    """
    for name in ("batch_size", "limit"):
        value = getattr(args, name)
        if value is not None and value < 1:
            raise UserError(f"--{name.replace('_', '-')} {value} is less than 1; give at least 1")
    if args.annotations and args.data:
        raise UserError("--annotations and --data are two kinds of data to evaluate; remove one of them")
    if args.calibrate and args.workdir is None:
        raise UserError("--calibrate keeps a temperature beside a run; give the run with --workdir")
    check_outputs(args.predictions, args.submission, args.timeline, inputs=args.annotations or ())
    check_png(args.timeline)
    from timesuite_jax import registry  # imported late: the checks above take no time
    from timesuite_jax.checkpoints.readers import find_step
    from timesuite_jax.evaluation.calibration_file import save_calibration
    from timesuite_jax.evaluation.job import EvaluationRequest
    from timesuite_jax.progress import progress_bar

    model = open_model(args, registry.Evaluates, args.data, needs_data=not args.annotations)
    request = EvaluationRequest(
        batch_size=args.batch_size,
        limit=args.limit,
        prompt=args.prompt,
        protocol=args.protocol,
        answers=args.answers,
        benchmark=args.benchmark,
        annotations=tuple(Path(file) for file in args.annotations) if args.annotations else None,
        videos=Path(args.videos) if args.videos else None,
        split=args.split,
        calibration=None if args.calibrate else model.calibration or None,
        calibrate=args.calibrate or None,
        control=None if args.control == "none" else args.control,
        results=Path(args.results) if args.results else None,
        predictions=args.predictions,
        submission=args.submission,
        timeline=args.timeline,
        report=Path(args.report) if args.report else None,
    )
    job = model.task.evaluation_job(request)  # checks the data before parameters are read, which may take minutes
    loaded = model.load()
    with progress_bar(job.label, job.total, quiet=args.json or not is_first_process()) as advance:
        report = loaded.run(job.run, advance)
    if not is_first_process():
        return 0
    if args.json:
        print(to_json(report.metrics))
    else:
        report.show()
    for write in report.write_files:
        write()
    if args.report and not args.json:
        print(f"report: {request.report}/index.html")
    if args.calibrate:
        file = save_calibration(args.workdir, find_step(args.workdir, args.step), report.metrics)
        if not args.json:
            print(f"temperature: {file}")
    return 0

"""Compiles a config's programs ahead of time for an absent TPU; reports memory, FLOPs and collectives per chip.

The training step is the one that `timesuite train` runs, on the config's largest batch; the other programs are those of
evaluation. Neither chips, data, tokenizers nor weights are needed. Exit code 1: a program does not fit.

examples:
  timesuite aot configs/timesuite/linear_p.py --topology v5e:16x16 --config.data.batch_size=256
  timesuite aot configs/timesuite/linear_p.py --topology v5e:16x16 --slices 2 --program train --json \\
      --config.training.mesh.replica=2 --config.data.batch_size=512
"""

import argparse
import os
from concurrent.futures import ThreadPoolExecutor

from timesuite_jax.cli._configs import load_config
from timesuite_jax.errors import UserError
from timesuite_jax.json_text import to_json

_STEPS_PER_EPOCH = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options; `--config.KEY=VALUE` overrides are taken too."""
    parser.add_argument("config", metavar="CONFIG[:ARG]", help="config file; `:debug` is its small variant")
    parser.add_argument("--topology", required=True, metavar="NAME", help="generation and shape, e.g. v5e:16x16")
    parser.add_argument("--slices", type=int, default=1, help="number of such topologies (default: %(default)s)")
    parser.add_argument("--program", action="append", metavar="NAME", help="only this one; may repeat (default: all)")
    parser.add_argument("--json", action="store_true", help="print a JSON list, one object a program")


def run(args: argparse.Namespace) -> int:
    """Compiles and reports.

    Raises:
      UserError: if the config is wrong, or does not go with the topology.
    """
    if args.slices < 1:
        raise UserError(f"--slices {args.slices} is less than 1; give at least 1")
    # Before the config, which may import JAX. The compiler needs no chip, and a local one may be busy. Programs for
    # absent chips cannot be read back from the compilation cache, and would evict those that can.
    os.environ |= {"JAX_PLATFORMS": "cpu", "JAX_ENABLE_COMPILATION_CACHE": "false"}
    config = load_config(args.config, args.overrides)
    from timesuite_jax import aot, training
    from timesuite_jax.progress import progress_bar
    from timesuite_jax.registry import build
    from timesuite_jax.resilience.preemption import exit_now  # imported late: so that an invalid config fails at once

    if "training" not in config:
        raise UserError(f"{args.config} has no config.training; see configs/timesuite for an example")
    spec = training.TrainingSpec.from_config(config.to_dict()["training"])
    task = build(config)
    # The length of an epoch is that of the data, which need not be here; it changes a number in the schedule only.
    plan = aot.make_plan(task, spec.in_steps(lambda: _STEPS_PER_EPOCH), args.topology, args.slices)
    names = args.program or list(plan.calls)
    if unknown := sorted(set(names) - set(plan.calls)):
        raise UserError(f"--program {unknown[0]!r} is none of this task's; choose from {', '.join(plan.calls)}")
    reports = []
    compiler = ThreadPoolExecutor(1)  # A thread in the compiler is deaf to Ctrl-C; the one that waits for it is not.
    try:
        for name in names:
            with progress_bar(f"compiling {name} for {args.topology}", quiet=args.json):
                reports.append(compiler.submit(plan.report, name).result())
    except KeyboardInterrupt:
        exit_now("timesuite aot: interrupted", 130)
    if args.json:
        print(to_json([report.as_json() for report in reports]))
    else:
        aot.print_reports(reports)
    return 0 if all(report.memory.fits for report in reports) else 1

"""Commands to use a fine-tuned model with, as they can be pasted into a shell."""

import json
import shlex

from timesuite_jax.apps.finetune.corpora import corpus_folder
from timesuite_jax.apps.finetune.plan import HELD_OUT, TRAIN, Plan, annotations_file
from timesuite_jax.apps.finetune.spec import FinetuneSpec


def next_commands(spec: FinetuneSpec, plan: Plan) -> dict[str, str]:
    """Returns what to do next, by what it does.

    Args:
      spec: of the fine-tuning.
      plan: its corpora.
    """
    run = str(spec.workdir)
    shown = plan.held_out[0] if plan.held_out else TRAIN
    entry, *_ = json.loads(annotations_file(spec, shown).read_text(encoding="utf-8"))
    ask = ["ask", f"{spec.videos / entry['video']}", entry["QA"][0]["q"], "--workdir", run]
    commands = {"ask": [*ask, "--timeline", str(spec.workdir / "answer.png")]}
    for name in plan.held_out:
        data = ["--data", str(corpus_folder(spec.workdir, name)), "--benchmark", HELD_OUT[name][1]]
        commands[f"evaluate {name}"] = ["evaluate", "--workdir", run, *data]
    commands["export"] = ["port", "export", "--workdir", run, "--out", str(spec.workdir / "export")]
    commands["resume"] = spec.command()
    return {name: shlex.join(["timesuite", *words]) for name, words in commands.items()}

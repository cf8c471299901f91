"""Converts checkpoints from and to PyTorch; every key is accounted for, every byte preserved.

examples:
  timesuite port inspect timesuite.pth
  timesuite port import weights.safetensors --out /tmp/model
  timesuite port import umt=umt_l16_qformer.pth mistral=Mistral-7B-Instruct-v0.2 \\
      videochat2=videochat2_mistral_7b_stage3.pth timesuite=timesuite.pth --out /tmp/model
  timesuite port export /tmp/model --out /tmp/exported
  timesuite port export --workdir runs/beauty --step best --out beauty/model.safetensors
  timesuite port export --workdir runs/finetune --language-model --out mistral --dtype bfloat16
  timesuite port verify /tmp/exported/model.safetensors weights.safetensors
  timesuite port verify mine.safetensors theirs.pth --rtol 1e-5 --atol 1e-8
"""

import argparse

from timesuite_jax.cli._help import show_examples
from timesuite_jax.cli.port import export_action, import_action, inspect_action, verify_action
from timesuite_jax.registry.ports import PORTS

_ACTIONS = {
    "import": (import_action, "PyTorch files -> Orbax folder"),
    "export": (export_action, "Orbax folder -> .safetensors or .pth"),
    "inspect": (inspect_action, "list keys, shapes, types and sizes"),
    "verify": (verify_action, "compare two checkpoints; exit code 1 if they differ"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the four actions and their options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, (module, text) in _ACTIONS.items():
        action = actions.add_parser(name, help=text)
        module.add_arguments(action)
        action.add_argument(
            "--model", choices=PORTS, help="family of the model (default: recognized by the config or the tensors)"
        )
        action.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    show_examples(actions, __doc__)


def run(args: argparse.Namespace) -> int:
    """Runs the action.

    Raises:
      UserError: if files do not fit the model or cannot be read or written.
    """
    return _ACTIONS[args.action][0].run(args)

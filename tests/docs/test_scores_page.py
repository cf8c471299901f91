"""The page about scores: its Python example runs, and its tasks are those of the command."""

import re

from tests.support.paths import ROOT
from timesuite_jax.cli.score import TASKS

PAGE = (ROOT / "docs/scores.md").read_text(encoding="utf-8")


def test_the_example_runs(capsys):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(code, {})
    assert "'f1': " in capsys.readouterr().out


def test_tasks():
    table = PAGE.split("| task | metrics |")[1].split("\n\n")[0]
    assert tuple(re.findall(r"^\| `(\w+)` ", table, re.MULTILINE)) == TASKS

"""Folders of the project."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / "timesuite_jax/configs"
LAUNCH = ROOT / "launch"
BENCHMARKS = ROOT / "benchmarks"
SUPPORT = ROOT / "tests/support"
GOLDENS = ROOT / "tests/goldens"  # committed ones; `--goldens` names others
CASES = ROOT / "tests/cases"  # small inputs with their expected values
TINY_CONFIG = SUPPORT / "tiny_config.py"

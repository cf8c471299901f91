"""Fine-tuning on own videos, from a file of rows to a scored model; see docs/finetune_on_your_videos.md."""

from etils import epy

with epy.lazy_api_imports(globals()):  # rows are validated without JAX
    from timesuite_jax.apps.finetune.pipeline import Outcome, run
    from timesuite_jax.apps.finetune.shell_commands import next_commands
    from timesuite_jax.apps.finetune.spec import FinetuneSpec

__all__ = ["FinetuneSpec", "Outcome", "next_commands", "run"]

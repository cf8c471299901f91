"""Finds model families by the name in a config, and loads trained models for every command.

`build(config)` makes the task that `config.task` names. `load(run | config, needs)` returns a model with its parameters
if it has the capability `needs`:

    model = registry.load("runs/finetune", registry.Answers)
    print(model.run(model.task.ask, "kitchen.mp4", "When is the oven opened?").answer)
"""

from etils import epy

with epy.lazy_api_imports(globals()):  # port tables are read without models, checkpoints or training
    from timesuite_jax.registry.capabilities import (
        Answers,
        ChangesTensors,
        Classifies,
        Evaluates,
        ExtractsFeatures,
        MeasuresTokens,
        Recommends,
    )
    from timesuite_jax.registry.completion import complete_config
    from timesuite_jax.registry.families import build
    from timesuite_jax.registry.loaded import Loaded, Model, load, open_model, run_config

__all__ = [
    "Answers",
    "ChangesTensors",
    "Classifies",
    "Evaluates",
    "ExtractsFeatures",
    "Loaded",
    "MeasuresTokens",
    "Model",
    "Recommends",
    "build",
    "complete_config",
    "load",
    "open_model",
    "run_config",
]

"""Tasks: one file for each thing that can be trained; binds a model, an objective, a data source and evaluations.

`build(config)` makes the task that `config.task` names; `load_run(workdir)` makes it again, with the parameters that a
run left; `load_chat` insists on one that answers questions, `load_recommender` on one that recommends items.
`load_chat_weights(config)` and `load_recommender_weights(config)` need no run, but the weights that the config names.
These four lay a model over the devices of `answering_layout(config, abstract_params)`.
"""

from timesuite_jax.registry.load import (
    TASKS,
    answering_layout,
    build,
    load_chat,
    load_chat_weights,
    load_recommender,
    load_recommender_weights,
    load_run,
    run_config,
)

__all__ = [
    "TASKS",
    "answering_layout",
    "build",
    "load_chat",
    "load_chat_weights",
    "load_recommender",
    "load_recommender_weights",
    "load_run",
    "run_config",
]

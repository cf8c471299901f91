"""Chooses the mesh and the sharding rules with which a trained model is used."""

from jax.sharding import Mesh
from ml_collections import ConfigDict

from timesuite_jax import config_spec, parallel
from timesuite_jax.config_spec import Config
from timesuite_jax.errors import UserError
from timesuite_jax.param_tree import Params


def inference_layout(config: Config, abstract_params: Params) -> tuple[Mesh, parallel.Rules]:
    """Mesh and rules for inference: those of training where they fit the present devices and divide the parameters.

    A model too large for one device is then sharded as in training. Otherwise (a pod's run on a workstation, `fsdp=-1`
    on three GPUs) every device has a copy.

    Args:
      config: of a run, or of a model whose weights the config names.
      abstract_params: the task's.

    Raises:
      UserError: if `config.training` has a mesh axis or a rule that does not exist.
    """
    training = (config.to_dict() if isinstance(config, ConfigDict) else config).get("training", {})
    spec = config_spec.build(parallel.MeshSpec, training.get("mesh", {}), "training.mesh")
    try:
        mesh = parallel.make_mesh(spec)
    except UserError:
        return parallel.make_mesh(), parallel.DEFAULT_RULES
    rules = parallel.make_rules(training.get("rules", {}), mesh)
    try:
        parallel.shardings(abstract_params, mesh, rules)
    except UserError:
        return parallel.make_mesh(), parallel.DEFAULT_RULES
    return mesh, rules

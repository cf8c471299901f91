"""One file a model: which torch key is which parameter. Nothing here computes."""

from timesuite_jax.port.tables import videochat_t, videochat_t_roles

MODELS = {port.name: port for port in (videochat_t_roles.PORT,)}

__all__ = ["MODELS", "videochat_t", "videochat_t_roles"]

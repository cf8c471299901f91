"""One file a model: which torch key (or TensorFlow variable) is which parameter. Nothing here computes."""

from timesuite_jax.port.tables import mqsa, videochat_t, videochat_t_roles

MODELS = {port.name: port for port in (videochat_t_roles.PORT, mqsa.PORT)}

__all__ = ["MODELS", "mqsa", "videochat_t", "videochat_t_roles"]

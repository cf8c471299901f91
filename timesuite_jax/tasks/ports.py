"""The port tables of all families, by name."""

from timesuite_jax.port.tables import mqsa, videochat_t_roles

PORTS = {port.name: port for port in (videochat_t_roles.PORT, mqsa.PORT)}

"""The port tables of all families, by name."""

from timesuite_jax.mqsa_ted import port_table
from timesuite_jax.port.tables import videochat_t_roles

PORTS = {port.name: port for port in (videochat_t_roles.PORT, port_table.PORT)}

"""The port tables of all families, by name."""

from timesuite_jax.mqsa_ted import port_table
from timesuite_jax.videochat_t import port_roles

PORTS = {port.name: port for port in (port_roles.PORT, port_table.PORT)}

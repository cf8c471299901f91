"""The port tables of all families, by name."""

from timesuite_jax.mqsa_ted import port_table
from timesuite_jax.videochat_t.port import loading_order

PORTS = {port.name: port for port in (loading_order.PORT, port_table.PORT)}

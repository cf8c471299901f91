"""The port tables of all families, by name; a table is imported when it is first read."""

from collections.abc import Iterator, Mapping

from timesuite_jax.port import ModelPort
from timesuite_jax.registry.families import FAMILIES, import_path


class _Ports(Mapping[str, ModelPort]):
    def __getitem__(self, name: str) -> ModelPort:
        return import_path(FAMILIES[name].port)

    def __iter__(self) -> Iterator[str]:
        return iter(FAMILIES)

    def __len__(self) -> int:
        return len(FAMILIES)


PORTS: Mapping[str, ModelPort] = _Ports()

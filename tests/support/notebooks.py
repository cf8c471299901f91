"""Runs the cells of a notebook with other settings than its own."""

import json
from typing import Any

from tests.support.paths import ROOT


class Notebook:
    """A notebook of the folder `colabs`; its first code cell assigns the settings, names in upper case."""

    def __init__(self, name: str):
        self.path = ROOT / "colabs" / name
        self.cells = json.loads(self.path.read_text(encoding="utf-8"))["cells"]
        self._settings, *self.code = ["".join(cell["source"]) for cell in self.cells if cell["cell_type"] == "code"]

    def defaults(self) -> dict[str, Any]:
        """The settings as the notebook has them."""
        names: dict[str, Any] = {}
        exec(self._settings, names)
        return {name: value for name, value in names.items() if name.isupper()}

    def run(self, settings: dict[str, Any], count: int | None = None) -> dict[str, Any]:
        """Runs the first `count` cells after the settings, or all, and returns their names."""
        assert set(settings) <= set(self.defaults())
        names = {**self.defaults(), **settings}
        for number, source in enumerate(self.code[:count], 2):
            exec(compile(source, f"code cell {number}", "exec"), names)
        return names

    def check_no_outputs(self) -> None:
        """Outputs would be those of another run."""
        for cell in self.cells:
            assert not cell.get("outputs") and not cell.get("execution_count")

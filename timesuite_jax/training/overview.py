"""A table of a run's parameters."""

import jax
from clu import parameter_overview
from etils import epath

from timesuite_jax.param_tree import Params
from timesuite_jax.storage.write_errors import explain_write_errors


def write_overview(workdir: epath.Path, trained: Params, frozen: Params) -> str:
    """Writes WORKDIR/parameters.txt, in the first process; returns a summary such as "8,128 trained, 0 frozen".

    Raises:
      UserError: if the file cannot be written.
    """
    tables = {}
    for kind, params in {"trained": trained, "frozen": frozen}.items():
        count = sum(leaf.size for leaf in jax.tree.leaves(params))
        table = parameter_overview.get_parameter_overview(params, include_stats=False) if params else ""
        tables[f"{count:,} {kind}"] = table
    if jax.process_index() == 0:
        with explain_write_errors(workdir, "work folder"):
            text = "\n\n".join(f"{title}\n{table}" for title, table in tables.items())
            (workdir / "parameters.txt").write_text(text)
    return ", ".join(tables)

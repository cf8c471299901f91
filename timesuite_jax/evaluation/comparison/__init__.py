"""Why two scores differ: settings, inputs and answers of two result files compared, with a paired test.

`compare(read_result(A), read_result(B))`.
"""

from timesuite_jax.evaluation.comparison.compare import Comparison, compare
from timesuite_jax.evaluation.comparison.result_file import ResultFile, read_result

__all__ = ["Comparison", "ResultFile", "compare", "read_result"]

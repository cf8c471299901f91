"""Parts of a mixture: sets of records that have a fixed number of samples in each epoch."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import grain

# Grain takes seeds of 32 bits; an odd factor keeps the parts' orders apart.
_SEED_STEP = 0x9E3779B1


@dataclass(frozen=True)
class EpochPart:
    """Consecutive records of a mixture.

    Attributes:
      first: number of the first record.
      size: number of records.
      samples: visits of an epoch. Where this is no multiple of `size`, each epoch continues where the last one ended:
        all records are visited before any a second time.
    """

    first: int
    size: int
    samples: int

    @property
    def uneven(self) -> bool:
        """Whether an epoch visits some of the records more often than others."""
        return self.samples % self.size != 0

    def record(self, epoch: int, visit: int, order: "grain.MapDataset | None") -> int:
        """Record number of a visit.

        Args:
          epoch: number of the epoch.
          visit: number of the visit within the part's visits of an epoch.
          order: of `order`, for an uneven part; None takes the records in their order.
        """
        position = epoch * self.samples + visit
        if order is None:
            return self.first + position % self.size
        shuffled = order[position]
        assert shuffled is not None  # Grain's type for filtered elements; nothing is filtered here
        return self.first + int(shuffled)

    def order(self, seed: int, number: int) -> "grain.MapDataset":
        """Endless random order of the part's records: all of them before any a second time.

        Args:
          seed: of the run.
          number: of the part.
        """
        import grain  # imported on first use: it brings JAX, which processes that only read records do without

        return grain.MapDataset.range(self.size).seed((seed + (number + 1) * _SEED_STEP) % 2**32).shuffle().repeat()


def apportion(total: int, weights: Sequence[float | Fraction]) -> list[int]:
    """Divides samples in proportion to weights: each part gets its quota, rounded down or up (largest remainders).

    Args:
      total: number of samples.
      weights: above 0.
    """
    exact = [Fraction(weight) for weight in weights]
    quotas = [total * weight / sum(exact) for weight in exact]
    counts = np.array([int(quota) for quota in quotas])
    remainders = [quota - count for quota, count in zip(quotas, counts.tolist(), strict=True)]
    largest = sorted(range(len(quotas)), key=lambda part: -remainders[part])
    counts[largest[: total - int(counts.sum())]] += 1
    return counts.tolist()

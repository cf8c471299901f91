"""The order in which training visits the records of a mixture.

The order is a pure function of (seed, position): position // size is the epoch, and each epoch has its own permutation,
computed position by position (Grain's index shuffle). Memory does not grow with the number of records, seeking costs
nothing, and the order depends neither on the number of processes nor of workers.
"""

import grain

from timesuite_jax.data.corpora.sample import Named, RecordMixture


class IndexSampler:
    """Endless sequence of what one process visits: pairs of (position in the global order, record number).

    The global batch of step i is positions [first + i * B, first + (i + 1) * B); process p of n takes the p-th n-th of
    it. So the global batches are the same for any number of processes. `first` is less than B, and not 0 where a run
    resumed with another batch size.

    Has `__len__` and `__getitem__`, the interface of a Grain data source.
    """

    # Endless, as far as Python's `len` allows and more than any run reads.
    _LENGTH = 2**60

    def __init__(
        self,
        mixture: RecordMixture[Named],
        *,
        seed: int,
        shuffle: bool,
        global_batch: int,
        process_index: int,
        process_count: int,
        first: int = 0,
    ):
        self._mixture, self._seed = mixture, seed if shuffle else None
        order = grain.MapDataset.range(mixture.visits)
        # Grain takes seeds of 32 bits.
        self._order = order.seed(seed % 2**32).shuffle().repeat() if shuffle else order.repeat()
        self._global_batch = global_batch
        self._local_batch = global_batch // process_count
        self._offset = first + self._local_batch * process_index

    def __len__(self) -> int:
        return self._LENGTH

    def __getitem__(self, number: int) -> tuple[int, int]:
        step, row = divmod(int(number), self._local_batch)
        position = step * self._global_batch + self._offset + row
        visit = self._order[position]
        assert visit is not None  # Grain's type for filtered elements; nothing is filtered here
        epoch = position // self._mixture.visits
        return position, self._mixture.record_of_visit(int(visit), epoch=epoch, seed=self._seed)

    def __repr__(self) -> str:
        return f"IndexSampler({self._mixture.visits} visits an epoch)"

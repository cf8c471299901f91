"""`Recommender`: histories of named items -> the items that are most likely to come next."""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, cast

import jax
import numpy as np
from jaxtyping import Array, Float, Int, Shaped

from timesuite_jax.data.interactions import Interactions, NameIndex
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.top_k import item_scores, mask_seen, top_k_items
from timesuite_jax.layers import Shard, constrain_sharding, num_shards, shard_map_scores
from timesuite_jax.mqsa_ted.model import Mqsa
from timesuite_jax.param_tree import Params

# Names of items, oldest first; whole numbers are names, too.
History = Sequence[str | int | float | np.integer] | Shaped[np.ndarray, " N"]
_SEEN_MULTIPLE = 64  # lists of seen items are padded to a multiple of this, to compile few programs


class Recommended(NamedTuple):
    """An item and its score; scores are comparable within one user only."""

    item: str
    score: float


@dataclasses.dataclass(frozen=True)
class Recommendation:
    """Recommendations for one history."""

    items: tuple[Recommended, ...]  # the best first; empty if the history has no known item
    unknown: tuple[str, ...]  # items of the history that the model does not know and that were ignored

    def as_json(self) -> dict[str, Any]:
        """Returns the recommendation as JSON values."""
        return {"items": [recommended._asdict() for recommended in self.items], "unknown": list(self.unknown)}


@functools.partial(jax.jit, static_argnums=(0, 1))
def _best(
    model: Mqsa, top: int, params: Params, items: Int[Array, "B S"], seen: Int[Array, "B C"]
) -> tuple[Int[Array, "B top"], Float[Array, "B top"]]:
    hidden, _ = model.apply({"params": params}, items)
    table = cast(Array, model.apply({"params": params}, method="item_table"))

    def on_one_device(
        shard: Shard, by_user: tuple[Float[Array, "B D"], Array], table: Float[Array, "V D"], _: None
    ) -> tuple[Int[Array, "B top"], Float[Array, "B top"]]:
        hidden, seen = by_user
        return top_k_items(mask_seen(item_scores(hidden, table, shard), seen, shard), top, shard)

    by_user = hidden[:, -1], seen
    ids, scores = shard_map_scores(on_one_device, by_user, table, None, ("rows", "rows"), items=model.spec.items)
    # Replicated, so that each process can read them.
    return constrain_sharding(ids, (None, None)), constrain_sharding(scores, (None, None))


class Recommender:
    """A trained model with its items. Within `parallel.mesh_context` histories and items are sharded over the mesh.

    Args:
      model: the model.
      params: its parameters.
      data: the training data, for the names of the items; without names, ids are names.
      batch_size: histories per batch; rounded up to a multiple of the mesh's devices.
    """

    def __init__(self, model: Mqsa, params: Params, data: Interactions, *, batch_size: int = 512) -> None:
        self._model, self._params, self._batch_size = model, params, batch_size
        self._index, self._items = NameIndex(data.item_names, data.num_items, "item"), data.num_items

    def __call__(
        self,
        histories: Sequence[History],
        *,
        top: int = 20,
        seen: bool = False,
        on_unknown: Literal["reject", "ignore"] = "reject",
    ) -> list[Recommendation]:
        """Recommends items.

        Args:
          histories: items of each user, the oldest first; the newest `max_len` of them are used.
          top: number of items to recommend; fewer if the data has fewer.
          seen: whether to recommend items of the history, too.
          on_unknown: whether items that are not in the training data are an error, or ignored and listed in the result.

        Raises:
          ValueError: `top` is not positive, or a history is a string.
          UserError: an item is neither text nor a whole number, or items are unknown and `on_unknown` is "reject".
        """
        if top < 1:
            raise ValueError(f"top={top}; recommend at least 1 item")
        if strings := [history for history in histories if isinstance(history, str)]:
            raise ValueError(f"{strings[0]!r} is not a history; give a list of histories, each a list of items")
        top = min(top, self._items)
        found_ids = [[self._index.find(item) for item in history] for history in histories]
        unknown = [
            tuple(str(item) for item, index in zip(history, ids, strict=True) if index is None)
            for history, ids in zip(histories, found_ids, strict=True)
        ]
        if on_unknown == "reject":
            self._check_known(unknown)
        known = [[index for index in ids if index is not None] for ids in found_ids]
        # Batches of a power of two: a single user must not run a program for hundreds.
        size, devices = min(self._batch_size, 1 << max(len(known) - 1, 0).bit_length()), num_shards("batch")
        size = -(-size // devices) * devices
        found = []
        for at in range(0, len(known), size):
            group = known[at : at + size]
            found += zip(group, *(rows.tolist() for rows in self._score(group, size, top, seen)), strict=False)
        return [
            Recommendation(tuple(self._named(history, *best, seen=seen)), strange)
            for (history, *best), strange in zip(found, unknown, strict=True)
        ]

    def _check_known(self, unknown: Sequence[Sequence[str]]) -> None:
        """Checks that all items are known.

        Raises:
          UserError: with the unknown ones.
        """
        if names := sorted({name for names in unknown for name in names}):
            known = ", ".join(repr(self._index.name(item)) for item in range(min(3, self._items)))
            raise UserError(
                f"the model does not know {len(names)} of the items: {', '.join(map(repr, names[:5]))}; its "
                f"{self._items} items are {known} and so on; correct the names, or ignore them with "
                "on_unknown='ignore' (--on-unknown ignore)"
            )

    def _score(self, histories: list[list[int]], size: int, top: int, seen: bool) -> Sequence[np.ndarray]:
        spec = self._model.spec
        longest = max(map(len, histories)) if not seen else 0
        items = np.full((size, spec.max_len), spec.padding, np.int32)
        hidden = np.full((size, -(-longest // _SEEN_MULTIPLE) * _SEEN_MULTIPLE), spec.padding, np.int32)
        for row, history in enumerate(histories):
            newest = history[-spec.max_len :]
            items[row, spec.max_len - len(newest) :] = newest
            if not seen:
                hidden[row, : len(history)] = history
        return jax.device_get(_best(self._model, top, self._params, items, hidden))

    def _named(self, history: list[int], items: list[int], scores: list[float], *, seen: bool) -> Sequence[Recommended]:
        if not history:
            return ()
        left_out = set() if seen else set(history)  # they come last, if `top` is large enough
        return [
            Recommended(self._index.name(item), score)
            for item, score in zip(items, scores, strict=True)
            if item not in left_out
        ]

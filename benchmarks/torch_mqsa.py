"""MQSA-TED (arXiv:2311.01056) as upstream computes it, in plain PyTorch: the baseline of the recommender's comparison.

Dense, like upstream's graph: histories padded to `max_len` slots; logits of each branch over all slots and items;
teacher rows made dense on the host and copied with each batch; an evaluation that scores every slot, masks with a dense
matrix and sorts in NumPy; TensorFlow 1's Adam, which updates every row of every table in each step.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
import torch
import torch.nn.functional as F
from recommender_workload import NO_GRADIENT, Log, Sizes, first_batch, make_weights, read_log
from torch import Tensor

MASK_VALUE = 1.0 - 2.0**32
SEEN = 2.0**32
TOP = 20


def norm(x: Tensor, w: dict[str, Tensor], name: str) -> Tensor:
    mean, var = x.mean(-1, keepdim=True), x.var(-1, keepdim=True, unbiased=False)
    return (x - mean) / (var + 1e-24) ** 0.5 * w[f"{name}/scale"] + w[f"{name}/bias"]


def dense(x: Tensor, w: dict[str, Tensor], name: str) -> Tensor:
    return x @ w[f"{name}/kernel"] + w[f"{name}/bias"]


def window_mean(x: Tensor, mask: Tensor, window: int) -> Tensor:
    if window == 1:
        return x
    total, count = torch.zeros_like(x), torch.zeros_like(mask)
    for shift in range(window):
        total = total + F.pad(x, (0, 0, shift, 0))[:, : x.shape[1]]
        count = count + F.pad(mask, (0, 0, shift, 0))[:, : x.shape[1]]
    return total / count.clamp(min=1.0)


def branch(x: Tensor, mask: Tensor, w: dict[str, Tensor], name: str, window: int, dropout: float) -> Tensor:
    """One block of one branch; `mask` [B, S, 1] is 1 at items and 0 in padding."""
    query = norm(window_mean(x, mask, window), w, f"{name}/blocks/query_norm")
    q, k, v = (dense(y, w, f"{name}/blocks/{part}") for part, y in (("query", query), ("key", x), ("value", x)))
    scores = q @ k.transpose(1, 2) / q.shape[-1] ** 0.5
    length = x.shape[1]
    seen = torch.ones(length, length).tril().bool() & (mask.transpose(1, 2) > 0)
    weights = torch.softmax(scores.masked_fill(~seen, MASK_VALUE), -1)
    weights = weights * torch.sign(query.abs().sum(-1, keepdim=True))
    attended = F.dropout(weights, dropout) @ v
    x = norm(attended + query, w, f"{name}/blocks/attention_norm")
    hidden = F.dropout(torch.relu(dense(x, w, f"{name}/blocks/fc1")), dropout)
    x = (x + F.dropout(dense(hidden, w, f"{name}/blocks/fc2"), dropout)) * mask
    return norm(x, w, f"{name}/norm")


def logits(inputs: Tensor, w: dict[str, Tensor], sizes: Sizes, dropout: float) -> Tensor:
    """Returns scores of all items and of padding (0) in all slots."""
    table = F.pad(w["item_embedding"], (0, 0, 0, 1))
    mask = (inputs != len(table) - 1).float()[..., None]
    x = table[inputs] * sizes.width**0.5 + w["position_embedding"]
    x = F.dropout(x, dropout) * mask
    short = branch(x, mask, w, "short", 1, dropout) @ table.T
    long = branch(x, mask, w, "long", sizes.window, dropout) @ table.T
    return sizes.alpha * short + (1 - sizes.alpha) * long


def losses(
    inputs: Tensor, targets: Tensor, heads: Tensor, teacher: Tensor, w: dict[str, Tensor], sizes: Sizes, dropout: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Returns the total loss, the cross-entropy of next items, and the distillation loss."""
    items = len(w["item_embedding"])
    scores = logits(inputs, w, sizes, dropout)
    rec = F.cross_entropy(scores.flatten(0, 1), targets.flatten(), ignore_index=items)
    soft = torch.softmax(teacher / (teacher.max(-1, keepdim=True).values + 1e-24) / sizes.tau, -1)
    head = F.dropout(w["item_embedding"][heads] * sizes.width**0.5, dropout)
    student = torch.softmax(head @ w["item_embedding"].T / sizes.tau, -1)
    kd = -(soft * torch.log(student + 1e-24)).sum(-1).mean()
    l2 = sum(0.5 * (value**2).sum() for value in w.values())
    return rec + sizes.distillation * kd + sizes.l2 * l2, rec, kd


class Adam:
    """Adam of TensorFlow 1: epsilon is added to the root before the bias correction."""

    def __init__(self, weights: list[Tensor], rate: float):
        self.weights, self.rate, self.step_number = weights, rate, 0
        self.m, self.v = ([torch.zeros_like(w) for w in weights] for _ in range(2))

    @torch.no_grad()
    def step(self) -> None:
        self.step_number += 1
        rate = self.rate * (1 - 0.999**self.step_number) ** 0.5 / (1 - 0.9**self.step_number)
        for w, m, v in zip(self.weights, self.m, self.v, strict=True):
            m.mul_(0.9).add_(w.grad, alpha=0.1)
            v.mul_(0.999).addcmul_(w.grad, w.grad, value=0.001)
            w.addcdiv_(m, v.sqrt().add_(1e-8), value=-rate)
            w.grad = None


def padded(rows: list[np.ndarray], max_len: int, padding: int) -> np.ndarray:
    out = np.full((len(rows), max_len), padding)
    for line, row in zip(out, rows, strict=True):
        line[max_len - len(row) :] = row
    return out


def count_matrix(rows: list[np.ndarray], columns: int) -> scipy.sparse.csr_matrix:
    """Counts each id in each row."""
    index = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    ids = np.concatenate(rows)
    return scipy.sparse.csr_matrix((np.ones(len(ids), np.float32), (index, ids)), (len(rows), columns))


class Trainer:
    """The state of a run, and its steps."""

    def __init__(self, log: Log, sizes: Sizes):
        self.log, self.sizes = log, sizes
        self.weights = {
            name: torch.from_numpy(value).requires_grad_() for name, value in make_weights(log.items, sizes).items()
        }
        self.adam = Adam(list(self.weights.values()), sizes.learning_rate)
        heads, tails = (np.concatenate([row[part] for row in log.train]) for part in (slice(-1), slice(1, None)))
        ones = np.ones(len(heads), np.float32)
        self.transitions = scipy.sparse.csr_matrix((ones, (heads, tails)), (log.items, log.items))

    def batch(self, users: np.ndarray) -> tuple[Tensor, ...]:
        """Returns inputs, targets, heads and the dense rows of their transitions."""
        rows = [self.log.train[user] for user in users]
        max_len, padding = self.sizes.max_len, self.log.items
        inputs, targets = (
            padded([row[part] for row in rows], max_len, padding) for part in (slice(-1), slice(1, None))
        )
        heads = inputs[inputs != padding]
        arrays = inputs, targets, heads, self.transitions[heads].toarray()
        return tuple(map(torch.from_numpy, arrays))

    def gradient(self, users: np.ndarray, dropout: float) -> tuple[Tensor, Tensor, Tensor]:
        """Returns the losses of a batch, and accumulates gradients in the weights."""
        found = losses(*self.batch(users), self.weights, self.sizes, dropout)
        found[0].backward()
        return found

    def step(self, users: np.ndarray) -> None:
        self.gradient(users, self.sizes.dropout)
        self.adam.step()

    @torch.no_grad()
    def evaluate(self, split: str) -> dict[str, float]:
        """Returns HR and NDCG over all users, from the top 20 items of each."""
        max_len, padding, size = self.sizes.max_len, self.log.items, self.sizes.batch
        seen = self.log.train
        histories, targets = seen, self.log.validation
        if split == "test":
            seen = [np.append(row, item) for row, item in zip(seen, self.log.validation, strict=True)]
            histories, targets = [row[-max_len:] for row in seen], self.log.test
        ranks = []
        for at in range(0, len(targets), size):
            inputs = torch.from_numpy(padded(histories[at : at + size], max_len, padding))
            scores = logits(inputs, self.weights, self.sizes, 0.0)[:, -1, :-1].numpy()
            scores = scores - SEEN * count_matrix(seen[at : at + size], padding).toarray()
            best = np.argpartition(scores, -TOP, axis=1)[:, -TOP:]
            order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1)
            best = np.take_along_axis(best, order, axis=1)
            hits = best == targets[at : at + size, None]
            ranks.append(np.where(hits.any(1), hits.argmax(1), TOP))
        return metrics(np.concatenate(ranks))


def metrics(ranks: np.ndarray) -> dict[str, float]:
    values = {}
    for cutoff in (5, 10, 20):
        hits = ranks < cutoff
        values[f"hr_{cutoff}"] = float(hits.mean())
        values[f"ndcg_{cutoff}"] = float((hits / np.log2(ranks + 2.0)).mean())
    return values


def tasks(path: Path, sizes: Sizes) -> dict[str, Callable[[], Any]]:
    """Returns the measured tasks by name; each call runs one repetition and returns the values that are compared."""
    log = read_log(path, sizes)
    trainer = Trainer(log, sizes)
    users = first_batch(log, sizes)
    order = np.concatenate([users, np.setdiff1d(np.arange(len(log.train)), users)])

    def gradient() -> list[float]:
        found = trainer.gradient(users, 0.0)
        norms = [w.grad.norm().item() for name, w in sorted(trainer.weights.items()) if name not in NO_GRADIENT]
        for weight in trainer.weights.values():
            weight.grad = None
        return [*(loss.item() for loss in found), *norms]

    def evaluation() -> list[float]:
        return [value for split in ("validation", "test") for value in trainer.evaluate(split).values()]

    def epoch() -> None:
        for at in range(0, len(order), sizes.batch):
            trainer.step(order[at : at + sizes.batch])
        evaluation()

    return {"gradient": gradient, "evaluation": evaluation, "step": lambda: trainer.step(users), "epoch": epoch}

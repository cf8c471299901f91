"""PyTorch's side of the comparisons of InternVideo2: the encoder, and training steps with AdamW.

Plain `torch.nn` modules with `F.scaled_dot_product_attention`. Nothing is slowed down on purpose, and nothing is taken
from the JAX side.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from internvideo2_workload import (
    BETAS,
    CLIP_NORM,
    EPS,
    LABEL_SMOOTHING,
    LEARNING_RATE,
    WEIGHT_DECAY,
    Sizes,
    make_batch,
    weight,
)
from torch import Tensor, nn
from torch_reconstruction import Pretraining
from torch_video_encoder import Classifier

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
NO_DECAY = ("cls_token", "pos_embed")


def build(model: nn.Module) -> nn.Module:
    """Returns the model with the weights of the workload."""
    for name, parameter in model.named_parameters():
        parameter.data = torch.from_numpy(weight(name.removeprefix("student."), tuple(parameter.shape)))
    return model


def pixels(frames: Tensor) -> Tensor:
    """Normalises uint8 frames [n, F, H, W, 3] to [n, 3, F, H, W]."""
    mean, std = (torch.tensor(values, device=frames.device) for values in (IMAGENET_MEAN, IMAGENET_STD))
    return ((frames / 255.0 - mean) / std).permute(0, 4, 1, 2, 3)


class Trainer:
    """A model and its optimizer."""

    def __init__(self, model: nn.Module, loss: Callable[[int], Tensor]):
        self.loss, self.steps = loss, 0
        groups: tuple[list[nn.Parameter], ...] = ([], [])
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                groups[parameter.ndim > 1 and not name.endswith(NO_DECAY)].append(parameter)
        self.parameters = groups[0] + groups[1]
        self.optimizer = torch.optim.AdamW(
            [{"params": part, "weight_decay": decay} for part, decay in zip(groups, (0.0, WEIGHT_DECAY), strict=True)],
            lr=LEARNING_RATE,
            betas=BETAS,
            eps=EPS,
            fused=True,
        )

    def step(self) -> tuple[float, float]:
        """Updates the parameters; returns the loss and the norm of the gradient before."""
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(self.steps)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.parameters, CLIP_NORM)
        self.optimizer.step()
        self.steps += 1
        return loss.item(), norm.item()


def tasks(sizes: Sizes, noise: np.ndarray, dtype: str = "float32", device: str = "cpu") -> dict[str, Callable[[], Any]]:
    """Returns the measured tasks by name; each call runs one repetition and returns the values that are compared.

    Args:
      sizes: of models and batch.
      noise: [steps, n, F, patches], which draws masks as on the other side.
      dtype: of the computation.
      device: PyTorch's name.
    """
    batch = {name: torch.from_numpy(array).to(device) for name, array in make_batch(sizes).items()}
    every, few = batch["frames"], batch["frames"][:, ::2]
    draws = torch.from_numpy(noise).to(device)
    mixed = torch.autocast(device, getattr(torch, dtype), enabled=dtype != "float32")

    # Built when they are first used, so that a process has the memory of one.
    @functools.cache
    def classifier() -> Classifier:
        return build(Classifier(sizes)).to(device)

    @functools.cache
    def pretraining() -> Trainer:
        model = build(Pretraining(sizes)).to(device)
        for parameter in model.parameters():
            if not parameter.requires_grad:
                parameter.data = parameter.data.to(getattr(torch, dtype))

        def loss(step: int) -> Tensor:
            with mixed:
                return model(pixels(every), draws[step % len(draws)])

        return Trainer(model, loss)

    @functools.cache
    def finetuning() -> Trainer:
        def loss(step: int) -> Tensor:
            del step
            with mixed:
                logits = classifier().logits(pixels(few)).float()
            return F.cross_entropy(logits, batch["label"].long(), label_smoothing=LABEL_SMOOTHING)

        return Trainer(classifier(), loss)

    @torch.no_grad()
    def encode() -> tuple[float, float]:
        with mixed:
            tokens, _, pooled, _ = classifier()(pixels(few))
        return tokens.float().norm().item(), pooled.float().norm().item()

    return {"encode": encode, "pretrain": lambda: pretraining().step(), "finetune": lambda: finetuning().step()}

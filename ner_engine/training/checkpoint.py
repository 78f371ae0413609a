"""Checkpoints: tensors and plain values in one safetensors file, replaced atomically, never pickled."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ner_engine.errors import TrainingError

__all__ = ["load_checkpoint", "optimiser_tensors", "restore_optimiser", "save_checkpoint"]


def save_checkpoint(path: Path, tensors: Mapping[str, Tensor], values: Mapping[str, Any]) -> None:
    """Write aside, sync, rename: at any moment ``path`` is a whole checkpoint, old or new."""
    from safetensors.torch import save_file

    aside = path.with_name(path.name + ".part")
    contiguous = {name: t.detach().cpu().contiguous().clone() for name, t in tensors.items()}
    save_file(contiguous, str(aside), metadata={"values": json.dumps(values)})
    with aside.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(aside, path)


def load_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and values of a checkpoint. Raises TrainingError where it cannot be read."""
    from safetensors import safe_open

    try:
        with safe_open(str(path), framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            values = json.loads(file.metadata()["values"])
    except Exception as error:  # safetensors raises its own class, a direct child of Exception
        raise TrainingError(f"{path}: expected a checkpoint of this package; {error}") from None
    return tensors, values


def optimiser_tensors(prefix: str, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The state of an optimiser, flat: ``prefix.<parameter number>.<name>``."""
    flat: dict[str, Tensor] = {}
    for number, state in optimiser.state_dict()["state"].items():
        for name, value in state.items():
            flat[f"{prefix}.{number}.{name}"] = torch.as_tensor(value)
    return flat


def restore_optimiser(prefix: str, optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """The inverse of ``optimiser_tensors``. An integer step count comes back as an int where it was one."""
    state: dict[int, dict[str, Any]] = {}
    for key, value in tensors.items():
        head, _, rest = key.partition(".")
        if head != prefix:
            continue
        number, _, name = rest.partition(".")
        plain = name == "step" and not value.is_floating_point()
        state.setdefault(int(number), {})[name] = int(value.item()) if plain else value.clone()
    full = optimiser.state_dict()
    optimiser.load_state_dict({"state": state, "param_groups": full["param_groups"]})

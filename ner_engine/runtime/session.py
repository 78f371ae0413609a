"""A bundle's network on onnxruntime: a padded batch in, emissions out. No torch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ner_engine.errors import BundleError
from ner_engine.features import Batch

__all__ = ["Session", "onnx_runtime"]

_NO_TELEMETRY = "ORT_DISABLE_TELEMETRY"


def onnx_runtime() -> Any:
    """The module ``onnxruntime``, kept from reporting.

    From 1.29 on its builds for Linux keep an id of the machine under ``~/.cache`` and send names, hashes and
    timings of models to its maker, unless this variable is set before it is imported.
    """
    os.environ.setdefault(_NO_TELEMETRY, "1")
    import onnxruntime

    return onnxruntime


class Session:
    """An inference session over a bundle's graph. Safe to call from several threads."""

    def __init__(self, graph: Path, *, threads: int = 1) -> None:
        onnxruntime = onnx_runtime()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(graph), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime raises its own classes, all direct children of Exception
            raise BundleError(f"{graph}: onnxruntime cannot load it: {str(error).splitlines()[0]}") from None
        self._inputs = {i.name for i in self._session.get_inputs()}

    def emissions(self, batch: Batch) -> npt.NDArray[np.float32]:
        """``(batch, time, tags) float32``. Every length must be at least 1."""
        feed: dict[str, npt.NDArray[Any]] = {"ids": batch.ids, "lengths": batch.lengths}
        if "flags" in self._inputs:
            feed["flags"] = batch.flags
        result: npt.NDArray[np.float32] = self._session.run(["emissions"], feed)[0]
        return result

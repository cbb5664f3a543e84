"""ONNX: one file with a dynamic batch. A recurrent policy takes and returns its hidden state."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import logging
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from genelab.export.exporter import Exportable, Exporter
from genelab.utils.errors import GenelabError, UsageError, first_line
from genelab.utils.lazy import torch

DEFAULT_OPSET = 17
OLDEST_OPSET = 15
"""Asked for an older one, torch's exporter writes its own default instead."""


class OnnxExporter(Exporter):
    """Writes and runs `.onnx` files.

    Raises:
        GenelabError: when made without the packages of the extra `onnx`.
    """

    options = ("opset",)

    def __init__(self) -> None:
        missing = [name for name in ("onnx", "onnxscript", "onnxruntime") if importlib.util.find_spec(name) is None]
        if missing:
            raise GenelabError(
                f"the onnx format needs {', '.join(missing)}, not installed here",
                fix="pip install 'genelab-core[onnx]'",
            )

    def check_options(self, *, opset: int = DEFAULT_OPSET) -> None:
        import onnx

        newest = onnx.defs.onnx_opset_version()
        if not OLDEST_OPSET <= opset <= newest:
            raise UsageError(f"ONNX opset {opset} cannot be written", fix=f"pass --opset {OLDEST_OPSET} to {newest}")

    def export(self, policy: Exportable, path: Path, *, opset: int = DEFAULT_OPSET) -> dict[str, Any]:
        """Write the module at exactly this opset.

        Args:
            policy: What to write.
            path: Where.
            opset: Version of the ONNX operator set, read back from the file.

        Returns:
            `opset`, `inputs` and `outputs` (port names).

        Raises:
            GenelabError: if the module or this opset cannot be exported.
        """
        from genelab.rl.distribution_checks import distribution_checks_restored

        states = policy.recurrent.states if policy.recurrent else ()
        inputs = ["obs", *(f"{state}_in" for state in states)]
        outputs = ["actions", *(f"{state}_out" for state in states)]
        batch = torch.export.Dim("batch")
        try:
            with quiet(), distribution_checks_restored(), torch.no_grad():
                torch.onnx.export(
                    policy.module,
                    policy.example_inputs(batch=2),  # at 1 the exporter would take the batch for a constant
                    str(path),
                    input_names=inputs,
                    output_names=outputs,
                    opset_version=opset,
                    dynamo=True,
                    external_data=False,
                    dynamic_shapes=({0: batch}, *({1: batch} for _ in states)),
                    verbose=False,
                )
        except Exception as error:  # the exporter's errors have no common base below Exception
            raise GenelabError(
                f"torch cannot write this actor as ONNX opset {opset}: {first_line(error)}",
                fix="try another --opset (17 to 20), or --format torchscript",
            ) from error
        written = _opset_of(path)
        if written != opset:
            raise GenelabError(
                f"asked for ONNX opset {opset}, the exporter wrote {written}",
                fix=f"pass --opset {written}, or 17 to 20",
            )
        return {"opset": opset, "inputs": inputs, "outputs": outputs}

    def load(self, path: Path, metadata: dict[str, Any]) -> Callable[..., tuple[torch.Tensor, ...]]:
        import onnxruntime

        settings = onnxruntime.SessionOptions()
        settings.log_severity_level = 4
        settings.intra_op_num_threads = 1  # policies are small: threads cost more than they bring
        settings.inter_op_num_threads = 1
        try:
            session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's errors have no common base below Exception
            raise GenelabError(
                f"{path.name} is not a usable ONNX file: {first_line(error)}", where=str(path)
            ) from error
        ports = [port.name for port in session.get_inputs()]

        def run(obs: torch.Tensor, *states: torch.Tensor) -> tuple[torch.Tensor, ...]:
            values = [value.contiguous().numpy() for value in (obs, *states)]
            results = session.run(None, dict(zip(ports, values, strict=True)))
            return tuple(torch.from_numpy(result) for result in results)

        return run


def _opset_of(path: Path) -> int:
    import onnx

    model = onnx.load(str(path), load_external_data=False)
    return next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the exporter's progress, warnings and log lines off the user's terminal."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    swallowed = io.StringIO()
    try:
        with contextlib.redirect_stdout(swallowed), contextlib.redirect_stderr(swallowed), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)

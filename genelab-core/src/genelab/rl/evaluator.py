"""Evaluation under the name that the documentation gives it; the protocol lives in `genelab.eval`."""

from genelab.eval.protocol import EvalIncomplete, EvalResult, evaluate_policy

__all__ = ["EvalIncomplete", "EvalResult", "evaluate_policy"]

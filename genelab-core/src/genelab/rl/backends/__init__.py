"""The backend contract. Backends themselves are plugins in distributions of their own."""

from genelab.rl.backends.base import Backend, InferenceSetup, TrainContext, TrainResult

__all__ = ["Backend", "InferenceSetup", "TrainContext", "TrainResult"]

"""What remembers tensors from step to step, and can go on from a checkpoint."""

from __future__ import annotations

from typing import Any, ClassVar


class Stateful:
    """Saves and restores the tensors that a class names.

        class Peak(ManagerTerm):
            remembers = ("_peak",)

    Attributes:
        remembers: Attributes that hold the tensors; a state has them without a leading underscore.
    """

    remembers: ClassVar[tuple[str, ...]] = ()

    def state_dict(self) -> dict[str, Any]:
        """Return copies of what the future depends on, by name."""
        return {name.lstrip("_"): getattr(self, name).clone() for name in self.remembers}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        for name in self.remembers:
            setattr(self, name, state[name.lstrip("_")].to(getattr(self, name).device, copy=True))

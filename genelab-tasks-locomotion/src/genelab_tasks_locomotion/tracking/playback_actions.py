"""The action term that plays a clip back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genelab.config.base import configclass
from genelab.config.terms import ActionTermCfg

if TYPE_CHECKING:
    from genelab_tasks_locomotion.tracking.clip_playback import ClipPlayback


@configclass
class ClipPlaybackCfg(ActionTermCfg):
    """Zero action elements: the robot is put into a frame of a clip at each control step, over and over.

    It stays there through the step where gravity and collisions are off.

    Attributes:
        clip: Path of an `.npz` file, or the name of a shipped clip (`genelab motion list`).
    """

    clip: str

    def build(self, env: Any) -> ClipPlayback:
        from genelab_tasks_locomotion.tracking.clip_playback import ClipPlayback

        return ClipPlayback(self, env)

"""Cart-poles and legged robots for GeneLab."""

MOVED = {
    "genelab_tasks_locomotion.tracking.commands": "genelab_tasks_locomotion.tracking.motion_command",
    "genelab_tasks_locomotion.tracking.commands:AdaptiveStartsCfg": (
        "genelab_tasks_locomotion.tracking.starts:AdaptiveStartsCfg"
    ),
    "genelab_tasks_locomotion.tracking.playback_actions:ClipPlaybackCfg": (
        "genelab_tasks_locomotion.tracking.playback:ClipPlaybackCfg"
    ),
}
"""Modules and objects that files of older versions name, and where they are now (`genelab.utils.references`)."""

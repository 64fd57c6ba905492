"""Event → fingerprint: versioned, explainable, learning at each crash site. No I/O; state goes in and comes out."""

from naosu.group.assign import group
from naosu.group.crash import ALGORITHM, Crash, locate
from naosu.group.mine import merge_sites
from naosu.group.rules import preview
from naosu.group.stream import group_events, group_file
from naosu.group.texts import explain, name_in, note_id, note_in

__all__ = [
    "ALGORITHM",
    "Crash",
    "explain",
    "group",
    "group_events",
    "group_file",
    "locate",
    "merge_sites",
    "name_in",
    "note_id",
    "note_in",
    "preview",
]

from club.models.base import Base
from club.models.player import Player
from club.models.team import Team

__all__ = ["Base", "Player", "Team"]

"""Going over to a standby, by a command of the operator's."""

from naosu.actions.run_command.action import RunCommand
from naosu.domain.repair import Risk


class Failover(RunCommand):
    """As a command, but with more at stake: it never runs by itself unless a person wrote and approved it."""

    name = "failover"
    risk = Risk.HIGH
    reversible = False

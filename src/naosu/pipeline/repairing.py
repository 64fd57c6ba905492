"""The pipeline `mend`, by itself: open issues in; attempts with a measured verdict out."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec
import structlog

from naosu.domain.attempt import BEFORE_IT_RUNS, UNDER_WAY, Attempt, AttemptState, Mode, Proposal, Step
from naosu.domain.errors import NaosuError, NotFoundError
from naosu.domain.issue import Issue
from naosu.domain.issue_query import IssueQuery, Term
from naosu.domain.playbook import Act, Playbook
from naosu.domain.repair import Check, Verdict
from naosu.domain.repair_policy import Ground, RepairPolicy
from naosu.pipeline.begin import Surroundings, begin
from naosu.pipeline.lease_keeper import LeaseKeeper
from naosu.ports.clock import Clock
from naosu.ports.store import Store
from naosu.ports.store.repairs import AttemptQuery
from naosu.ports.target import Target, Trial
from naosu.repair.effect import came_back
from naosu.repair.playbooks import Subject, matching
from naosu.repair.promote import mode_in_force

_LOG = structlog.get_logger(__name__)
_SEEN_WITHIN = timedelta(hours=1)
_ISSUES_MAX = 20
_STATES = {
    Verdict.FIXED: AttemptState.FIXED,
    Verdict.NOT_FIXED: AttemptState.NOT_FIXED,
    Verdict.WORSE: AttemptState.WORSE,
    Verdict.CANNOT_TELL: AttemptState.CANNOT_TELL,
}
ACTION = "apply_fix"


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for repairs now."""

    policy: RepairPolicy
    playbooks: tuple[Playbook, ...]


class Repairer:
    """Proposes attempts for open issues, runs those that are permitted, measures them, and undoes what did not help.

    One at a time in each process; the leases in the store keep several processes off one target.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        rules: Callable[[], Rules],
        open_target: Callable[[Ground], Target],
        owner: str,
        settle: Callable[[], object] = lambda: None,
    ) -> None:
        """Join the parts.

        Args:
            store: Where issues and attempts are.
            clock: The time.
            rules: Asked before each step.
            open_target: Makes the hand that touches a target.
            owner: This process, unique over all machines and restarts.
            settle: Waits until what the application does now has had time to show.
        """
        self._store = store
        self._clock = clock
        self._rules = rules
        self._open_target = open_target
        self._owner = owner
        self._settle = settle
        self._started_at = clock.now()
        self._looked_at: dict[tuple[str, int], datetime] = {}
        self._trials: dict[str, Trial] = {}

    def step(self) -> int:
        """Do what there is to do, and return how many attempts were proposed or run."""
        rules = self._rules()
        if not rules.policy.projects:
            return 0
        self._recover(rules.policy)
        self._watch(rules.policy)
        return sum(self._propose(rules, ground) for ground in rules.policy.projects) + self._run_permitted(rules.policy)

    # -- proposing

    def _propose(self, rules: Rules, ground: Ground) -> int:
        if ground.mode_of(ACTION) is Mode.OFF or not ground.source or self._store.get_repair_stop() is not None:
            return 0
        try:
            project = self._store.get_project(ground.project)
        except NotFoundError:
            return 0
        now = self._clock.now()
        query = IssueQuery(
            project_ids=(project.id,),
            terms=(Term(field="is", values=("open",)), *_environment(ground)),
            seen_since=now - _SEEN_WITHIN,
        )
        issues = self._store.find_issues(query, now=now, limit=_ISSUES_MAX).issues
        return sum(self._propose_for(rules, ground, issue) for issue in issues if self._is_due(rules, ground, issue))

    def _is_due(self, rules: Rules, ground: Ground, issue: Issue) -> bool:
        """Say whether an issue deserves a look now: a playbook wants it, and no attempt is open or just over."""
        subject = Subject(
            category=issue.classification.category,
            issue=issue.short_id,
            project=ground.project,
            environment=ground.environment,
        )
        if not any(_acts(playbook) for playbook in matching(rules.playbooks, subject)):
            return False
        now = self._clock.now()
        wait = timedelta(seconds=rules.policy.limits_of(ground).cooldown_s)
        looked_at = self._looked_at.get((ground.name, issue.id))
        if looked_at is not None and now < looked_at + wait:
            return False
        attempts = self._store.list_attempts(AttemptQuery(issue_id=issue.id), limit=1)
        if not attempts or not attempts[0].state.is_open:
            self._looked_at[ground.name, issue.id] = now
            return True
        return False

    def _propose_for(self, rules: Rules, ground: Ground, issue: Issue) -> int:
        target = self._open_target(ground)
        trial = self._best(target, issue)
        if trial is None:
            return 0
        plan = trial.tried.plan
        proposal = Proposal(
            plan=plan,
            action=ACTION,
            fixer=trial.tried.fixer,
            target=_target_name(ground),
            target_state=target.state(plan),
            fingerprint=_fingerprint(issue),
            fault_seen_at=issue.last_seen_at,
            project_id=issue.project_id,
            environment=ground.environment,
            issue_id=issue.id,
        )
        mode = self._mode(rules.policy, ground, proposal)
        proposal = msgspec.structs.replace(proposal, mode=mode)
        attempt = self._store.propose_attempt(proposal, by=self._owner, now=self._clock.now())
        self._trials[plan.key] = trial
        _LOG.info("repair.proposed", attempt=attempt.id, issue=issue.short_id, fixer=proposal.fixer, mode=mode.value)
        return 1

    def _best(self, target: Target, issue: Issue) -> Trial | None:
        """Return the trial that mends an issue. None: nothing does, as far as a scratch copy can show."""
        try:
            trials = target.examine(self._store.latest_event(issue.id).event.payload)
        except NaosuError as error:
            _LOG.warning("repair.unexamined", issue=issue.short_id, code=error.code, detail=str(error))
            return None
        mended = [trial for trial in trials if trial.tried.verdict is Verdict.FIXED]
        if not mended:
            said = {trial.tried.fixer: _shortcomings(trial) for trial in trials}
            _LOG.info("repair.nothing_mends", issue=issue.short_id, tried=said)
        return max(mended, key=lambda trial: trial.finding.diagnosis.confidence, default=None)

    # -- running

    def _run_permitted(self, policy: RepairPolicy) -> int:
        waiting = self._store.list_attempts(AttemptQuery(states=BEFORE_IT_RUNS))
        return sum(self._begin(policy, attempt) for attempt in reversed(waiting))

    def _begin(self, policy: RepairPolicy, attempt: Attempt) -> bool:
        """Run an attempt if it is permitted, and say whether it was."""
        ground = self._ground_of(policy, attempt)
        if ground is None:
            return False
        target = self._open_target(ground)
        begun = begin(
            self._store,
            attempt.id,
            owner=self._owner,
            project=ground.project,
            policy=policy,
            surroundings=Surroundings(target_state=target.state(attempt.plan), naosu_started_at=self._started_at),
            now=self._clock.now(),
        )
        if begun.permit.calls_person:
            why = {"reason": begun.permit.reason.value, "detail": begun.permit.detail}
            _LOG.warning("repair.needs_person", attempt=attempt.id, **why)
        if begun.lease is None:
            return False
        ttl = timedelta(seconds=policy.limits_of(ground).lease_s)
        with LeaseKeeper(self._store, self._clock, begun.lease, ttl=ttl):
            self._run(target, begun.attempt)
        return True

    def _ground_of(self, policy: RepairPolicy, attempt: Attempt) -> Ground | None:
        return next((one for one in policy.projects if _target_name(one) == attempt.target), None)

    def _mode(self, policy: RepairPolicy, ground: Ground, proposal: Proposal) -> Mode:
        record = self._store.get_action_record(
            proposal.means, project_id=proposal.project_id, environment=proposal.environment
        )
        return mode_in_force(ground.mode_of(proposal.means), record, promote_after=policy.promote_after)

    def _run(self, target: Target, attempt: Attempt) -> None:
        trial = self._trial_of(target, attempt)
        if trial is None:
            self._step(attempt, AttemptState.CANNOT_TELL, reason="not_reproduced")
            return
        try:
            in_force = target.apply(attempt.plan)
        except NaosuError as error:
            left = tuple(getattr(error, "left", ()))
            said = (Check(name="apply", ok=False, detail=str(error)),)
            self._step(attempt, AttemptState.NOT_FIXED, reason=error.code, checks=said, left=left)
            return
        attempt = self._step(attempt, AttemptState.VERIFYING)
        verdict, checks = self._measure(target, attempt, trial)
        attempt = self._step(attempt, _STATES[verdict], checks=checks)
        if verdict is Verdict.FIXED:
            in_force.keep()
            if attempt.issue_id is not None:
                self._store.resolve_issue(attempt.issue_id, now=self._clock.now())
            return
        left = in_force.roll_back()
        said_of_restart = target.restart()
        lines = (*left, said_of_restart) if said_of_restart else left
        self._step(attempt, AttemptState.ROLLED_BACK, reason=verdict.value, left=lines)
        _LOG.error("repair.needs_person", attempt=attempt.id, verdict=verdict.value, left=lines)

    def _trial_of(self, target: Target, attempt: Attempt) -> Trial | None:
        """Return the trial of the attempt's plan: from when it was proposed, else made anew."""
        known = self._trials.pop(attempt.plan.key, None)
        if known is not None and attempt.target_state == target.state(attempt.plan):
            return known
        if attempt.issue_id is None:
            return None
        payload = self._store.latest_event(attempt.issue_id).event.payload
        return next((one for one in target.examine(payload) if one.tried.plan.key == attempt.plan.key), None)

    def _measure(self, target: Target, attempt: Attempt, trial: Trial) -> tuple[Verdict, tuple[Check, ...]]:
        """Measure in a scratch copy of the real tree, and then look whether the fault is reported again."""
        verdict, checks = target.measure(trial)
        if verdict is not Verdict.FIXED or attempt.issue_id is None:
            return verdict, checks
        since = self._clock.now()
        self._settle()
        issue = self._store.get_issue(attempt.issue_id)
        is_quiet = issue.last_seen_at <= since
        detail = "no further event came" if is_quiet else f"the fault was reported again at {issue.last_seen_at:%X}"
        quiet = Check(name="watch", ok=is_quiet, detail=detail)
        return (Verdict.FIXED if is_quiet else Verdict.NOT_FIXED), (*checks, quiet)

    def _step(
        self,
        attempt: Attempt,
        to: AttemptState,
        *,
        reason: str = "",
        checks: Sequence[Check] = (),
        left: Sequence[str] = (),
        fence: int = 0,
    ) -> Attempt:
        step = Step(
            since=attempt.state,
            to=to,
            reason=reason,
            checks=tuple(checks),
            left=tuple(left),
            fence=fence or attempt.fence,
        )
        stepped = self._store.step_attempt(attempt.id, step, by=self._owner, now=self._clock.now())
        _LOG.info("repair.step", attempt=attempt.id, state=to.value, reason=reason)
        return stepped

    # -- afterwards

    def _recover(self, policy: RepairPolicy) -> None:
        """Bring back what a process that died may have left half done, and say what could not be."""
        for attempt in self._store.list_attempts(AttemptQuery(states=tuple(UNDER_WAY))):
            ground = self._ground_of(policy, attempt)
            if ground is None:
                continue
            ttl = timedelta(seconds=policy.limits_of(ground).lease_s)
            lease = self._store.take_lease(attempt.target, self._owner, ttl=ttl, now=self._clock.now())
            if lease is None:
                continue
            with LeaseKeeper(self._store, self._clock, lease, ttl=ttl):
                target = self._open_target(ground)
                left = target.recover(attempt.plan)
                said = target.restart()
                fence = lease.token
                stopped = self._step(attempt, AttemptState.CANNOT_TELL, reason="interrupted", fence=fence)
                lines = (*left, said) if said else left
                self._step(stopped, AttemptState.ROLLED_BACK, reason="interrupted", left=lines, fence=fence)
                _LOG.error("repair.needs_person", attempt=attempt.id, verdict="interrupted", left=lines)

    def _watch(self, policy: RepairPolicy) -> None:
        """Remember which faults came back within their watch window."""
        now = self._clock.now()
        for attempt in self._store.list_attempts(AttemptQuery(states=(AttemptState.FIXED,)), limit=50):
            ground = self._ground_of(policy, attempt)
            if attempt.came_back_at is not None or attempt.issue_id is None or ground is None:
                continue
            seen_at = self._store.get_issue(attempt.issue_id).last_seen_at
            if came_back(attempt, seen_at=seen_at, watch_s=policy.limits_of(ground).watch_s):
                self._store.mark_came_back(attempt.id, seen_at=seen_at, by=self._owner, now=now)
                _LOG.warning("repair.came_back", attempt=attempt.id)


def _shortcomings(trial: Trial) -> str:
    failed = [f"{check.name}: {check.detail}" for check in trial.tried.checks if check.ok is False]
    return "; ".join((trial.tried.verdict.value, *failed))


def _acts(playbook: Playbook) -> bool:
    return any(isinstance(step, Act) and step.action == ACTION for step in playbook.steps)


def _environment(ground: Ground) -> Iterator[Term]:
    if ground.environment:
        yield Term(field="environment", values=(ground.environment,))


def _target_name(ground: Ground) -> str:
    return f"{ground.name}/source"


def _fingerprint(issue: Issue) -> str:
    return f"issue:{issue.id}"

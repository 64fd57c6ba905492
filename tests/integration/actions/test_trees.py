import json
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from naosu.actions.apply_fix import PlanVoidError, resume
from naosu.actions.apply_fix.action import ApplyFix, FixParameters
from naosu.actions.errors import ActionFailedError
from naosu.actions.notify_admin.action import NotifyAdmin, NotifyParameters
from naosu.actions.rollback_deploy.action import RollbackDeploy, RollbackParameters
from naosu.actions.safe_mode.action import FILE, SafeMode, SafeModeParameters
from naosu.actions.throttle.action import Throttle, ThrottleParameters
from naosu.ports.action import Scene

from .apply_fix.world import APP, MENDED, git, make_plan, make_repository, title_edit


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path)


@pytest.fixture
def here(repository: Path, with_ground: Callable[..., Scene]) -> Scene:
    return with_ground(source=str(repository))


def deploy(repository: Path) -> str:
    """Commit a bad change, and return it."""
    (repository / "app.py").write_text("broken\n")
    (repository / "extra.py").write_text("X = 1\n")
    (repository / "routes/orders.py").unlink()
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "Break it")
    return git(repository, "rev-parse", "HEAD").strip()


def test_a_commit_is_reverted_by_another_and_the_revert_is_undone(repository: Path, here: Scene):
    bad = deploy(repository)
    parameters = RollbackParameters(commit=bad[:12])
    assert RollbackDeploy().why_not(parameters, here) == ""
    assert RollbackDeploy().is_applied(parameters, here) is False
    done = RollbackDeploy().apply(parameters, here)
    assert git(repository, "log", "-1", "--format=%s").strip() == 'Revert "Break it"'
    assert git(repository, "diff", f"{bad}^", "HEAD") == ""
    assert git(repository, "status", "--porcelain") == ""
    assert RollbackDeploy().is_applied(parameters, here) is True
    assert RollbackDeploy().roll_back(parameters, here, done) == ()
    assert git(repository, "rev-parse", "HEAD").strip() == bad
    assert git(repository, "status", "--porcelain") == ""


def test_a_commit_whose_files_were_changed_again_is_not_reverted(repository: Path, here: Scene):
    bad = deploy(repository)
    (repository / "app.py").write_text("mended by hand\n")
    git(repository, "commit", "-qam", "By hand")
    assert "app.py was changed again" in RollbackDeploy().why_not(RollbackParameters(commit=bad), here)


def test_an_older_commit_is_reverted_where_nothing_stands_against_it(repository: Path, here: Scene):
    bad = deploy(repository)
    (repository / "other.py").write_text("Y = 1\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "Later")
    RollbackDeploy().apply(RollbackParameters(commit=bad), here)
    assert (repository / "app.py").read_text() == APP
    assert (repository / "other.py").exists()


def test_merges_first_commits_and_unknown_ones_are_not_reverted(repository: Path, here: Scene):
    first = git(repository, "rev-parse", "HEAD").strip()
    for commit in (first, "0123456789"):
        assert RollbackDeploy().why_not(RollbackParameters(commit=commit), here)
    assert RollbackDeploy().why_not(RollbackParameters(), here) == "one of commit and command is wanted"


def test_a_release_command_goes_back_and_forth(repository: Path, here: Scene):
    parameters = RollbackParameters(command=("touch", "old-release"), undo=("rm", "old-release"))
    done = RollbackDeploy().apply(parameters, here)
    assert (repository / "old-release").exists()
    assert RollbackDeploy().roll_back(parameters, here, done) == ()
    assert not (repository / "old-release").exists()


def test_a_plan_is_put_in_force_and_undone_by_another_process_from_what_was_stored(repository: Path, here: Scene):
    scene = msgspec.structs.replace(here, plan=make_plan(title_edit()))
    assert ApplyFix().why_not(FixParameters(), scene) == ""
    assert ApplyFix().is_applied(FixParameters(), scene) is False
    done = ApplyFix().apply(FixParameters(), scene)
    stored = msgspec.json.decode(msgspec.json.encode(done), type=type(done))
    assert (repository / "app.py").read_text() == MENDED
    assert ApplyFix().is_applied(FixParameters(), scene) is True
    with pytest.raises(PlanVoidError):
        ApplyFix().apply(FixParameters(), scene)
    assert ApplyFix().roll_back(FixParameters(), scene, stored) == ()
    assert (repository / "app.py").read_text() == APP
    assert ApplyFix().is_applied(FixParameters(), scene) is False
    assert resume(scene.backup_dir) == ()


def test_what_is_undone_already_is_not_undone_again(repository: Path, here: Scene):
    scene = msgspec.structs.replace(here, plan=make_plan(title_edit()))
    done = ApplyFix().apply(FixParameters(how="in_place"), scene)
    ApplyFix().roll_back(FixParameters(), scene, done)
    (repository / "app.py").write_text(MENDED)
    assert ApplyFix().roll_back(FixParameters(), scene, done)
    assert (repository / "app.py").read_text() == MENDED


def test_parts_of_an_application_are_switched_off_and_on_again(scene: Scene):
    parameters = SafeModeParameters(limited_functionality=("search", "exports"))
    file = Path(scene.ground.source) / FILE
    assert SafeMode().is_applied(parameters, scene) is False
    done = SafeMode().apply(parameters, scene)
    assert json.loads(file.read_text()) == {"safe_mode": True, "without": ["search", "exports"]}
    assert SafeMode().is_applied(parameters, scene) is True
    assert SafeMode().roll_back(parameters, scene, done) == ()
    assert not file.exists()


def test_a_file_that_was_there_is_put_back_with_its_mode(scene: Scene):
    file = Path(scene.ground.source) / FILE
    file.write_text("theirs\n")
    file.chmod(0o640)
    parameters = SafeModeParameters(limited_functionality=("search",))
    done = SafeMode().apply(parameters, scene)
    assert SafeMode().roll_back(parameters, scene, done) == ()
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("theirs\n", 0o640)


def test_a_file_that_somebody_changed_since_stays(scene: Scene):
    parameters = SafeModeParameters(limited_functionality=("search",))
    done = SafeMode().apply(parameters, scene)
    (Path(scene.ground.source) / FILE).write_text("theirs\n")
    assert "changed since" in SafeMode().roll_back(parameters, scene, done)[0]


@pytest.mark.parametrize("file", ["../out.json", "/etc/out.json", ".git/config"])
def test_the_file_lies_in_the_source_tree(scene: Scene, file: str):
    parameters = SafeModeParameters(limited_functionality=("search",), file=file)
    assert SafeMode().why_not(parameters, scene)
    with pytest.raises(ActionFailedError):
        SafeMode().apply(parameters, scene)


class Limits:
    """A limiter in memory."""

    def __init__(self) -> None:
        self.limits: dict[str, float] = {}

    def limit(self, target: str, *, per_second: float, ttl_s: float) -> None:
        self.limits[target] = per_second

    def limit_of(self, target: str) -> float | None:
        return self.limits.get(target)

    def lift(self, target: str) -> None:
        del self.limits[target]


@pytest.mark.parametrize("before", [{}, {"/search": 50.0}])
def test_traffic_is_held_back_and_let_through_as_before(scene: Scene, before: dict[str, float]):
    limits = Limits()
    limits.limits |= before
    held = msgspec.structs.replace(scene, throttler=limits)
    parameters = ThrottleParameters(target="/search", requests_per_second=5)
    assert Throttle().is_applied(parameters, held) is False
    done = Throttle().apply(parameters, held)
    assert limits.limits == {"/search": 5.0}
    assert Throttle().is_applied(parameters, held) is True
    assert Throttle().roll_back(parameters, held, done) == ()
    assert limits.limits == before


def test_without_a_limiter_nothing_is_held_back(scene: Scene):
    parameters = ThrottleParameters(target="/search", requests_per_second=5)
    assert Throttle().why_not(parameters, scene) == "no limiter is installed"


class Told:
    """People, who remember what they were told."""

    def __init__(self) -> None:
        self.heard: dict[str, tuple[str, tuple[str, ...]]] = {}

    def tell(self, text: str, *, channels: Sequence[str], key: str) -> None:
        self.heard.setdefault(key, (text, tuple(channels)))


def test_people_are_told_under_the_attempts_key(scene: Scene):
    told = Told()
    parameters = NotifyParameters(text="All was tried.", channels=("ops",))
    NotifyAdmin().apply(parameters, msgspec.structs.replace(scene, notifier=told))
    assert told.heard == {"attempt-7": ("All was tried.", ("ops",))}
    assert NotifyAdmin().why_not(parameters, scene) == "no channel is set up"

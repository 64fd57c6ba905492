import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from naosu.actions.emergency_shutdown.action import EmergencyShutdown, ShutdownParameters
from naosu.actions.errors import ActionFailedError
from naosu.actions.failover.action import Failover
from naosu.actions.reload_config.action import ReloadConfig, ReloadParameters
from naosu.actions.restart.action import Restart, RestartParameters
from naosu.actions.run_command.action import RunCommand, RunParameters
from naosu.actions.scale.action import Scale, ScaleParameters
from naosu.domain.repair import Risk
from naosu.domain.repair_policy import Runner
from naosu.ports.action import Done, Scene

StandIn = Callable[..., Path]
WithGround = Callable[..., Scene]


@pytest.mark.parametrize(
    ("runner", "program", "said"),
    [
        (Runner(systemd="shop.service"), "systemctl", ["restart shop.service"]),
        (Runner(docker="shop_web"), "docker", ["restart shop_web"]),
        (Runner(kubectl="deployment/shop"), "kubectl",
         ["rollout restart deployment/shop", "rollout status deployment/shop --timeout=10s"]),
        (Runner(kubectl="web/deployment/shop"), "kubectl",
         ["rollout restart deployment/shop -n web", "rollout status deployment/shop -n web --timeout=10s"]),
        (Runner(command="my-restart 'a b'"), "my-restart", ["a b"]),
    ],
)  # fmt: skip
def test_an_application_is_restarted_as_its_entry_says(
    stand_in: StandIn, with_ground: WithGround, runner: Runner, program: str, said: list[str]
):
    log = stand_in(program)
    scene = with_ground(restart=runner)
    assert Restart().why_not(RestartParameters(), scene) == ""
    done = Restart().apply(RestartParameters(), scene)
    assert log.read_text().splitlines() == said
    assert Restart().roll_back(RestartParameters(), scene, done)


def test_a_restart_that_fails_is_an_error(stand_in: StandIn, with_ground: WithGround):
    stand_in("systemctl", "echo Unit not found; exit 5")
    with pytest.raises(ActionFailedError, match="Unit not found"):
        Restart().apply(RestartParameters(), with_ground(restart=Runner(systemd="shop")))


def test_without_an_entry_or_its_program_nothing_is_restarted(with_ground: WithGround):
    assert "no way to restart" in Restart().why_not(RestartParameters(), with_ground())
    scene = with_ground(restart=Runner(command="no-such-program"))
    assert Restart().why_not(RestartParameters(), scene) == "no-such-program is not installed"


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A process that counts SIGHUPs, and its pid file."""
    seen, pid_file = tmp_path / "seen", tmp_path / "app.pid"
    script = f"trap 'echo hup >> {seen}' HUP; echo ready; while :; do sleep 0.05; done"
    process = subprocess.Popen(["/bin/sh", "-c", script], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    pid_file.write_text(f"{process.pid}\n")
    yield process, seen
    process.kill()
    process.wait()


def wait_for_lines(path: Path, count: int) -> None:
    while not path.exists() or len(path.read_text().splitlines()) < count:
        os.sched_yield()


def test_a_process_reads_its_configuration_again_on_its_signal_and_once_more_when_that_is_undone(
    listener: tuple[subprocess.Popen[bytes], Path], scene: Scene, tmp_path: Path
):
    parameters = ReloadParameters(pid_file=str(tmp_path / "app.pid"))
    done = ReloadConfig().apply(parameters, scene)
    wait_for_lines(listener[1], 1)
    assert ReloadConfig().roll_back(parameters, scene, done) == ()
    wait_for_lines(listener[1], 2)


def test_a_pid_file_older_than_the_process_of_that_id_is_another_ones(
    listener: tuple[subprocess.Popen[bytes], Path], scene: Scene, tmp_path: Path
):
    os.utime(tmp_path / "app.pid", (1_000_000_000, 1_000_000_000))
    parameters = ReloadParameters(pid_file=str(tmp_path / "app.pid"))
    assert "is another's" in ReloadConfig().why_not(parameters, scene)
    with pytest.raises(ActionFailedError):
        ReloadConfig().apply(parameters, scene)
    assert not listener[1].exists()


@pytest.mark.parametrize("text", ["", "x", "0", "1", "-1", "999999999"])
def test_a_pid_file_without_a_process_of_the_applications_is_refused(scene: Scene, tmp_path: Path, text: str):
    (tmp_path / "bad.pid").write_text(text)
    os.utime(tmp_path / "bad.pid", (2_000_000_000, 2_000_000_000))
    assert ReloadConfig().why_not(ReloadParameters(pid_file=str(tmp_path / "bad.pid")), scene)


def test_a_configuration_that_is_not_valid_is_not_read(stand_in: StandIn, with_ground: WithGround):
    stand_in("systemctl")
    stand_in("nginx", "echo line 3: unexpected brace; exit 1")
    parameters = ReloadParameters(check=("nginx", "-t"))
    assert "unexpected brace" in ReloadConfig().why_not(parameters, with_ground(restart=Runner(systemd="nginx")))


@pytest.mark.parametrize(
    ("runner", "program", "said"),
    [(Runner(systemd="shop"), "systemctl", "reload shop"), (Runner(docker="web"), "docker", "kill --signal=HUP web")],
)
def test_a_unit_or_container_is_reloaded(
    stand_in: StandIn, with_ground: WithGround, runner: Runner, program: str, said: str
):
    log = stand_in(program)
    ReloadConfig().apply(ReloadParameters(), with_ground(restart=runner))
    assert log.read_text().strip() == said


def test_a_command_runs_and_is_undone_by_the_one_that_was_given_for_it(scene: Scene):
    source = Path(scene.ground.source)
    parameters = RunParameters(command=("touch", "flag"), undo=("rm", "flag"), check=("test", "-e", "flag"))
    assert RunCommand().is_applied(parameters, scene) is False
    done = RunCommand().apply(parameters, scene)
    assert (source / "flag").exists()
    assert RunCommand().is_applied(parameters, scene) is True
    assert RunCommand().roll_back(parameters, scene, done) == ()
    assert not (source / "flag").exists()


def test_a_command_without_one_that_undoes_it_says_that_it_stays(scene: Scene):
    assert RunCommand().roll_back(RunParameters(command=("true",)), scene, Done(detail="")) == (
        "what true did stays: no command undoes it",
    )


def test_a_shell_line_runs_as_the_operator_wrote_it_and_knows_its_attempt(scene: Scene):
    RunCommand().apply(RunParameters(shell='echo "$NAOSU_ATTEMPT" > here && echo done >> here'), scene)
    assert (Path(scene.ground.source) / "here").read_text() == "attempt-7\ndone\n"


@pytest.mark.parametrize("parameters", [RunParameters(command=("touch", "x")), RunParameters(shell="touch x")])
@pytest.mark.parametrize("action", [RunCommand(), Failover()])
def test_what_a_fixer_or_an_assistant_wrote_is_never_run(action: RunCommand, scene: Scene, parameters: RunParameters):
    theirs = msgspec.structs.replace(scene, is_operators=False)
    assert "only whoever runs the server" in action.why_not(parameters, theirs)
    with pytest.raises(ActionFailedError):
        action.apply(parameters, theirs)
    assert not list(Path(scene.ground.source).iterdir())


@pytest.mark.parametrize("parameters", [RunParameters(), RunParameters(command=("true",), shell="true")])
def test_exactly_one_way_to_run_is_wanted(scene: Scene, parameters: RunParameters):
    assert RunCommand().why_not(parameters, scene) == "one of command and shell is wanted"


def test_a_failover_is_a_command_with_more_at_stake():
    assert (Failover().name, Failover().risk, Failover().reversible) == ("failover", Risk.HIGH, False)


@pytest.fixture
def cluster(stand_in: StandIn, with_ground: WithGround, tmp_path: Path) -> tuple[Scene, Path]:
    """A workload of three instances; `kubectl` is a stand-in that keeps their number in a file."""
    replicas = tmp_path / "replicas"
    replicas.write_text("3")
    stand_in("kubectl", f'case "$1" in get) cat {replicas};; scale) echo "${{3#--replicas=}}" > {replicas};; esac')
    return with_ground(restart=Runner(kubectl="deployment/shop")), replicas


def test_a_workload_is_scaled_and_scaled_back(cluster: tuple[Scene, Path]):
    scene, replicas = cluster
    parameters = ScaleParameters(count=6)
    assert Scale().why_not(parameters, scene) == ""
    assert Scale().is_applied(parameters, scene) is False
    done = Scale().apply(parameters, scene)
    assert replicas.read_text().strip() == "6"
    assert Scale().is_applied(parameters, scene) is True
    assert Scale().roll_back(parameters, scene, done) == ()
    assert replicas.read_text().strip() == "3"


def test_a_number_that_somebody_else_set_since_stays(cluster: tuple[Scene, Path]):
    scene, replicas = cluster
    done = Scale().apply(ScaleParameters(count=6), scene)
    replicas.write_text("9")
    assert "somebody has changed it" in Scale().roll_back(ScaleParameters(count=6), scene, done)[0]
    assert replicas.read_text() == "9"


@pytest.mark.parametrize(("count", "is_allowed"), [(12, True), (13, False)])
def test_at_most_four_times_as_many_instances_are_asked_for(cluster: tuple[Scene, Path], count: int, is_allowed: bool):
    assert (Scale().why_not(ScaleParameters(count=count), cluster[0]) == "") is is_allowed


def test_a_command_scales_with_the_number_in_its_place(stand_in: StandIn, with_ground: WithGround):
    log = stand_in("scaler")
    parameters, scene = ScaleParameters(count=2, command=("scaler", "--to={count}")), with_ground(instances=1)
    done = Scale().apply(parameters, scene)
    Scale().roll_back(parameters, scene, done)
    assert log.read_text().split() == ["--to=2", "--to=1"]


@pytest.mark.parametrize(
    ("runner", "program", "said"),
    [
        (Runner(systemd="shop"), "systemctl", "stop shop"),
        (Runner(docker="web"), "docker", "stop web"),
        (Runner(kubectl="web/deployment/shop"), "kubectl", "scale deployment/shop -n web --replicas=0"),
    ],
)
def test_an_application_is_stopped_and_stays_so(
    stand_in: StandIn, with_ground: WithGround, runner: Runner, program: str, said: str
):
    log, scene = stand_in(program), with_ground(restart=runner)
    parameters = ShutdownParameters(because="it doubles payments")
    assert EmergencyShutdown().why_not(parameters, scene) == ""
    done = EmergencyShutdown().apply(parameters, scene)
    assert log.read_text().strip() == said
    assert "a person starts it again" in EmergencyShutdown().roll_back(parameters, scene, done)[0]
    assert "it doubles payments" in done.detail


def test_a_unit_that_does_not_run_is_stopped_already(stand_in: StandIn, with_ground: WithGround):
    stand_in("systemctl", "exit 3")
    scene = with_ground(restart=Runner(systemd="shop"))
    assert EmergencyShutdown().is_applied(ShutdownParameters(because="x"), scene) is True


def test_nothing_is_stopped_where_no_way_is_known(with_ground: WithGround):
    scene = with_ground(restart=Runner(command="my-restart"))
    assert "no way to stop" in EmergencyShutdown().why_not(ShutdownParameters(because="x"), scene)

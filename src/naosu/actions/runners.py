"""How an application is started, stopped and scaled: the commands of systemd, docker and kubectl."""

import shlex

from naosu.domain.repair_policy import Runner


def restart_command(runner: Runner) -> tuple[str, ...]:
    """Return the command that starts it anew."""
    if runner.command:
        return tuple(shlex.split(runner.command))
    if runner.systemd:
        return ("systemctl", "restart", runner.systemd)
    if runner.docker:
        return ("docker", "restart", runner.docker)
    return ("kubectl", "rollout", "restart", *workload(runner))


def wait_command(runner: Runner, *, timeout_s: float) -> tuple[str, ...]:
    """Return the command that ends once it runs again. Empty: the restart itself waits."""
    return ("kubectl", "rollout", "status", *workload(runner), f"--timeout={int(timeout_s)}s") if runner.kubectl else ()


def stop_command(runner: Runner) -> tuple[str, ...]:
    """Return the command that stops it. Empty: none is known."""
    if runner.systemd:
        return ("systemctl", "stop", runner.systemd)
    if runner.docker:
        return ("docker", "stop", runner.docker)
    return scale_command(runner, 0)


def is_running_command(runner: Runner) -> tuple[str, ...]:
    """Return the command that succeeds while it runs. Empty: none is known."""
    return ("systemctl", "is-active", "--quiet", runner.systemd) if runner.systemd else ()


def reload_command(runner: Runner) -> tuple[str, ...]:
    """Return the command that lets it read its configuration again. Empty: none is known."""
    if runner.systemd:
        return ("systemctl", "reload", runner.systemd)
    return ("docker", "kill", "--signal=HUP", runner.docker) if runner.docker else ()


def scale_command(runner: Runner, count: int) -> tuple[str, ...]:
    """Return the command that sets how many instances run. Empty: none is known."""
    return ("kubectl", "scale", *workload(runner), f"--replicas={count}") if runner.kubectl else ()


def count_command(runner: Runner) -> tuple[str, ...]:
    """Return the command that prints how many instances are wanted. Empty: none is known."""
    return ("kubectl", "get", *workload(runner), "-o", "jsonpath={.spec.replicas}") if runner.kubectl else ()


def workload(runner: Runner) -> tuple[str, ...]:
    """Return kubectl's arguments that name the workload."""
    *namespace, kind, name = (runner.kubectl or "").split("/")
    return (f"{kind}/{name}", *(("-n", namespace[0]) if namespace else ()))

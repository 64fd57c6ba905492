"""``naosu``: finds the command, and turns every failure into one line and an exit code."""

import gc
import importlib
import sys

import click

from naosu import __version__
from naosu.domain.errors import NaosuError

EXIT_TROUBLE = 1  # it ran, and found trouble
EXIT_USAGE = 2  # it was called wrongly
EXIT_FAILED = 3  # it could not run
GARBAGE_THRESHOLD = 100_000

# A command's module is imported only when it runs, so its one line of help stands here.
COMMANDS = {
    "serve": "Run the server: ingest, digest, API and screens.",
    "status": "Show whether the server works and what waits.",
    "errors": "List what is wrong, the latest first.",
    "issues": "List, show, explain and change issues.",
    "events": "Show one event.",
    "fix": "Diagnose a fault, find a repair, and prove it in a scratch copy.",
    "repair": "See what Naosu did about faults, approve what it would do, or stop it all.",
    "audit": "Read and verify the record of everything that was done about repairs.",
    "project": "Make and list projects.",
    "token": "Make, list and revoke API tokens.",
    "account": "Make and list accounts, and set passwords.",
    "dead": "List, redrive and remove what could not be digested.",
    "stats": "Print what was accepted, digested, dropped and is pending.",
    "report": "Write api_error_metrics.json and api_error_report.json.",
    "reset": "Forget all issues, events and counts.",
    "send-test": "Send one test error to a DSN, as an SDK does.",
    "group": "Say how the events of a file would be grouped, and why.",
    "doctor": "Check the installation, and say how to mend it.",
    "config": "Check a configuration, or show what is in force.",
    "openapi": "Print the API's OpenAPI document.",
}


class LazyGroup(click.Group):
    """Imports the module of a command when that runs: `naosu --help` imports none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which people need them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"naosu.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="naosu")
def naosu() -> None:
    """Watches backend APIs, and mends them: takes errors from any Sentry SDK, groups, classifies and shows them.

    Commands work on a data folder (--data, NAOSU_DATA; by default ~/.local/share/naosu), or on a running server
    (--url and --token, NAOSU_URL and NAOSU_TOKEN). They exit with 0, 1 when they found trouble, 2 when they were
    called wrongly, and 3 when they could not run.
    """


def main() -> None:
    """Run the command line."""
    if sys.version_info < (3, 11):  # noqa: UP036 - what pip refuses, a copied folder does not
        sys.stderr.write("naosu: needs Python 3.11 or newer\n")
        sys.exit(EXIT_FAILED)
    # What a command imports stays until its end: looking for garbage in it took a sixth of the time.
    gc.set_threshold(GARBAGE_THRESHOLD)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; print no traceback, whatever happens."""
    try:
        result = naosu.main(arguments, prog_name="naosu", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as wanted:
        return wanted.exit_code
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except click.Abort:
        _complain("stopped", "")
        return EXIT_FAILED
    except NaosuError as error:
        _complain(str(error), error.mend)
        return int(getattr(error, "exit_code", EXIT_FAILED))
    except BrokenPipeError:
        sys.stderr.close()
        return EXIT_FAILED
    except Exception as error:  # noqa: BLE001 # why: a traceback shown to a user is a bug; NAOSU_TRACEBACK=1 shows it
        return _unexpected(error)


def _complain(message: str, mend: str) -> None:
    click.echo(f"naosu: {message}" + (f"\n  {mend}" if mend else ""), err=True)


def _unexpected(error: Exception) -> int:
    import os

    if os.environ.get("NAOSU_TRACEBACK"):
        raise error
    _complain(f"{type(error).__name__}: {error}", "This is a defect: NAOSU_TRACEBACK=1 shows where it happened.")
    return EXIT_FAILED

"""Whose code a frame is, where the SDK did not say."""

import re
from collections.abc import Callable

import msgspec

from naosu.domain.event import Frame

_PYTHON = re.compile(
    r"(?:site|dist)-packages[/\\]|[/\\]lib(?:64)?[/\\]python\d|^<frozen |[/\\]\.pyenv[/\\]|"
    r"^<(?:string|stdin|console)>$|[/\\]Lib[/\\]",
    re.IGNORECASE,
)
_JAVASCRIPT = re.compile(
    r"node_modules[/\\]|^node:|^internal[/\\]|(?:^|[/\\])webpack[/\\](?:bootstrap|runtime)|^<anonymous>$|^native |"
    r"^(?:chrome|moz|safari|safari-web|webkit)-extension:|^extensions::|/~/|^\[native code\]$|"
    r"^(?:events|fs|net|http|https|module|timers|util|stream)\.js$"
)
_JAVA = re.compile(
    r"^(?:java|javax|jakarta|jdk|sun|com\.sun|kotlin|kotlinx|scala|groovy|clojure|android|androidx|dalvik|"
    r"com\.android|com\.google|org\.springframework|org\.apache|org\.hibernate|org\.eclipse|org\.jboss|org\.junit|"
    r"org\.slf4j|ch\.qos\.logback|io\.netty|io\.sentry|io\.micrometer|io\.undertow|io\.vertx|io\.quarkus|io\.grpc|"
    r"reactor|rx|retrofit2|okhttp3|okio|com\.fasterxml|com\.zaxxer|com\.mysql|org\.postgresql|org\.h2|org\.codehaus|"
    r"org\.aspectj|net\.bytebuddy|org\.jetbrains|oracle|com\.intellij|akka|play|feign)\."
)
_GO_PATH = re.compile(r"/go/src/|/usr/local/go/|/pkg/mod/|/vendor/|/golang\.org/|/third_party/|/libexec/src/")
_GO_MODULE = re.compile(r"^(?:golang\.org/|google\.golang\.org/|github\.com/getsentry/sentry-go)")
_PHP = re.compile(r"[/\\]vendor[/\\]|^\[internal\]|^<internal>|^\{?internal\}?$")
_RUBY = re.compile(
    r"[/\\]gems[/\\]|[/\\]lib[/\\]ruby[/\\]|^<internal:|[/\\]vendor[/\\]bundle[/\\]|[/\\]rubygems[/\\]|[/\\]\.rbenv[/\\]|[/\\]\.rvm[/\\]"
)
_DOTNET = re.compile(
    r"^(?:System|Microsoft|Mono|Interop|Npgsql|MySql|MySqlConnector|Newtonsoft|Serilog|NLog|Sentry|Dapper|Polly|"
    r"MediatR|AutoMapper|Castle|Xamarin|WindowsBase|PresentationCore|PresentationFramework|UnityEngine|FSharp|StackExchange|Grpc)(?:[.,]|$)"
)
_NATIVE = re.compile(
    r"^(?:/usr/lib|/lib|/System/|/usr/local/lib|[A-Z]:\\Windows\\)|linux-vdso|libc\.so|ntdll|kernel32|libsystem_",
    re.IGNORECASE,
)
_DEPENDENCIES = re.compile(r"[/\\](?:node_modules|vendor|site-packages|dist-packages|gems|third_party)[/\\]")


def _python(frame: Frame) -> bool:
    return not (_PYTHON.search(frame.abs_path or frame.filename) or _PYTHON.search(frame.filename))


def _javascript(frame: Frame) -> bool:
    place = frame.filename or frame.abs_path
    return bool(place) and not (_JAVASCRIPT.search(place) or _JAVASCRIPT.search(frame.abs_path))


def _java(frame: Frame) -> bool:
    return bool(frame.module or frame.filename) and not _JAVA.match(frame.module + ".")


def _go(frame: Frame) -> bool:
    path = frame.abs_path or frame.filename
    if _GO_PATH.search(path) or _GO_MODULE.match(frame.module):
        return False
    # The standard library's import paths have no dot in their first part; "main" is the program itself.
    first = frame.module.partition("/")[0]
    return "." in first or first in ("", "main") or ("/" not in frame.module and not path.startswith("/usr"))


def _php(frame: Frame) -> bool:
    path = frame.abs_path or frame.filename
    return bool(path) and not (_PHP.search(path) or _PHP.search(frame.filename))


def _ruby(frame: Frame) -> bool:
    path = frame.abs_path or frame.filename
    return bool(path) and not _RUBY.search(path)


def _dotnet(frame: Frame) -> bool:
    return bool(frame.module or frame.package or frame.filename) and not (
        _DOTNET.match(frame.module) or (not frame.module and _DOTNET.match(frame.package))
    )


def _native(frame: Frame) -> bool:
    return bool(frame.function) and not _NATIVE.search(frame.package or frame.abs_path)


def _other(frame: Frame) -> bool:
    return not _DEPENDENCIES.search(frame.abs_path or frame.filename)


_BY_PLATFORM = {
    "python": _python,
    "javascript": _javascript,
    "node": _javascript,
    "java": _java,
    "go": _go,
    "php": _php,
    "ruby": _ruby,
    "csharp": _dotnet,
    "native": _native,
    "c": _native,
    "cocoa": _native,
}


# Browser SDKs call everything their own, bundled dependencies and extensions included: their "yes" is not believed.
_BELIEVES_ALL = frozenset(("javascript", "node"))


def with_ownership(frames: tuple[Frame, ...], platform: str) -> tuple[Frame, ...]:
    """Fill in `in_app` by the platform's habits where the SDK did not say; the same frames when it always did."""
    doubted = True if platform in _BELIEVES_ALL else None
    for frame in frames:
        if frame.in_app is None or frame.in_app is doubted:
            break
    else:
        return frames
    judge = _BY_PLATFORM.get(platform, _other)
    return tuple([_judged(frame, judge) if frame.in_app in (None, doubted) else frame for frame in frames])


def _judged(frame: Frame, judge: Callable[[Frame], bool]) -> Frame:
    own = judge(frame)
    return frame if own is frame.in_app else msgspec.structs.replace(frame, in_app=own)

"""Frames as they are named whatever build, release or run they come from."""

import re
from collections.abc import Sequence
from functools import lru_cache

import msgspec

from naosu.domain.event import Frame

FRAMES_MAX = 1000
NAME_CHARS_MAX = 300
MINIFIED_NAME_CHARS_MAX = 2


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a frame is, without what changes by itself.

    Attributes:
        module: Module, class or normalised file.
        function: Empty when anonymous.
        anonymous: It is a lambda, closure or comprehension: its enclosing function names it.
        wrapper: It passes calls on: decorators, retries, proxies.
    """

    module: str
    function: str
    anonymous: bool = False
    wrapper: bool = False


_LIBRARY_PATH = re.compile(
    r"(?:site|dist)-packages[/\\]|node_modules[/\\]|[/\\]lib[/\\]python\d|[/\\]go[/\\]pkg[/\\]mod[/\\]"
    r"|[/\\]usr[/\\]local[/\\]go[/\\]src[/\\]"
    r"|[/\\]vendor[/\\]|[/\\]gems[/\\]|[/\\]lib[/\\]ruby[/\\]|^node:|^internal[/\\]|^<frozen |^native |^\[internal"
    r"|^chrome-extension:|^moz-extension:",
)
_LIBRARY_MODULE = re.compile(
    r"(?:java|javax|jdk|sun|jakarta|kotlin|kotlinx|scala|org\.springframework|org\.apache|org\.hibernate|org\.eclipse|io\.netty|reactor|com\.sun"
    r"|com\.zaxxer|com\.fasterxml|okhttp3|retrofit2|System|Microsoft|Npgsql|MySql|Newtonsoft|runtime|net/http|database/sql|reflect|testing"
    r"|encoding/\w+|Illuminate|Symfony|Doctrine|GuzzleHttp)(?:[./\\]|$)",
)


@lru_cache(maxsize=8192)
def _looks_in_app(module: str, path: str) -> bool:
    return not (_LIBRARY_PATH.search(path[:NAME_CHARS_MAX]) or _LIBRARY_MODULE.match(module[:NAME_CHARS_MAX]))


def _own_or_unsaid(frame: Frame) -> bool:
    """Where the SDK said nothing of any frame, the path and the module tell."""
    return frame.in_app is None and _looks_in_app(frame.module or frame.package, frame.abs_path or frame.filename)


_ANONYMOUS = re.compile(
    r"<lambda>|<anonymous>|<genexpr>|<listcomp>|<dictcomp>|<setcomp>|<module>|\{closure[^}]{0,200}\}|\?|anonymous|lambda|<unknown>|"
    r"(?:Object|Module|Function|Array|global|window|process|Proxy)\.(?:<anonymous>|\?)|eval|",
    re.IGNORECASE,
)
_COMPREHENSION = frozenset({"<genexpr>", "<listcomp>", "<dictcomp>", "<setcomp>"})
_WRAPPER = re.compile(
    r"_{0,2}(?:wrapper|wrapped|inner|wrap|decorator|decorated|retry\w*|with_retr\w+|call_with_\w+|__call__|wrapped_f|async_wrapper|sync_wrapper|"
    r"timed|traced|instrumented|inner_function|new_func|_?wrapper_\w+)_{0,2}",
    re.IGNORECASE,
)
_DOTNET_NOISE: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"<>c(?:__DisplayClass[\d_]+)?(?:`\d+)?\.?|^\+"), ""),
    (re.compile(r"<([^<>]{1,100})>[a-z]__[\w|]+?(?:\.MoveNext(?:\(\))?)?$"), r"\1"),
)
_LOCALS_NOISE: tuple[tuple[re.Pattern[str], str], ...] = ((re.compile(r"\.?<locals>"), ""),)
_FUNCTION_NOISE: tuple[tuple[re.Pattern[str], str], ...] = (
    *_LOCALS_NOISE,
    (re.compile(r"^(?:async |new |static |get |set )+"), ""),
    # V8 writes how a function was called before its name; only a class says where it belongs.
    (
        re.compile(
            r"^(?:Object|Module|Function|Array|Proxy|exports|module\.exports|global|[Ww]indow|Timeout|Immediate)\.(?=\w)"
        ),
        "",
    ),
    (re.compile(r" \[as [^\]]{1,100}\]$"), ""),
    (re.compile(r"^(?:(?:block|rescue|ensure)(?: \(\d+ levels\))? in )+"), ""),
    (re.compile(r"lambda\$([^$]{1,100})\$\d+"), r"\1"),
    *_DOTNET_NOISE,
    (re.compile(r"\.MoveNext(?:\(\))?$"), ""),
    (re.compile(r"(?:\.func\d+)+(?:\.\d+)*|-fm$|\.gowrap\d+"), ""),
    (re.compile(r"\{closure:([^}]{1,150}?)(?:\(\))?:\d+\}"), r"\1"),
    (re.compile(r"\[\.\.\.\]|`\d+|<[A-Z]\w{0,30}>$"), ""),
    (re.compile(r"(?:access|bridge)\$\d+"), "access"),
    (re.compile(r"__+\d{5,}(?:_\d+)*$"), ""),
    (re.compile(r"\(\)$"), ""),
)
_SHARED_NOISE: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\$\$(?:EnhancerBy|FastClassBy|SpringCGLIB|_javassist|Lambda|ByteBuddy|Enhancer)[\w$/]{0,150}"), ""),
    (re.compile(r"\$Proxy\d+|Proxy\$\d+"), "$Proxy"),
    (re.compile(r"@anonymous.{0,300}", re.DOTALL), "@anonymous"),
    (re.compile(r"(Generated\w{0,40}Accessor)\d+"), r"\1"),
    (re.compile(r"\$\d+"), "$"),
    (re.compile(r"0x[0-9a-fA-F]{4,16}"), "0x"),
    (re.compile(r"(?<![A-Za-z0-9])(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,64}(?![A-Za-z0-9])"), "#"),
    (re.compile(r"\d{4,}"), "#"),
)
_PATH_NOISE: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[?#].{0,500}$", re.DOTALL), ""),
    (
        re.compile(
            r"^(?:webpack(?:-internal)?:/{2,3}|app:/{2,3}|file:/{2,3}|[a-z][a-z0-9+.-]{1,12}://[^/]{0,200}/|~/|\./)+"
        ),
        "",
    ),
    (
        re.compile(
            r"(?<=[.\-_/])(?=[0-9a-zA-Z]{0,40}\d)[0-9a-zA-Z]{8,40}(?=\.(?:m?js|cjs|jsx?|tsx?|css|chunk|bundle))"
        ),
        "#",
    ),
    (re.compile(r"(?<=[./\-_])[0-9a-f]{20,64}(?=[./])"), "#"),
    (re.compile(r"(?:^|(?<=/))\d+(?=\.(?:chunk\.|bundle\.)?m?js)"), "#"),
    (re.compile(r"\.(?:min|chunk|bundle|prod)(?=\.m?js)"), ""),
)
_RELEASE_DIR = re.compile(r"^.{0,250}?/(?:releases|deploys|versions|builds?|tmp|\d{8,})/[^/]{1,80}/")


def _apply(text: str, rules: tuple[tuple[re.Pattern[str], str], ...]) -> str:
    for pattern, replacement in rules:
        text = pattern.sub(replacement, text)
    return text


def _file_key(path: str) -> str:
    path = _apply(path[:500].replace("\\", "/"), _PATH_NOISE)
    path = _RELEASE_DIR.sub("", path)
    return _apply("/".join(path.split("/")[-3:]), _SHARED_NOISE)


def _is_minified(name: str, path: str) -> bool:
    """Whether a build tool made the name up, so that the next build makes up another."""
    return len(name) <= MINIFIED_NAME_CHARS_MAX and path.partition("?")[0].endswith((".js", ".mjs", ".cjs"))


@lru_cache(maxsize=16384)
def _place(module: str, function: str, filename: str, abs_path: str) -> Place:
    name = function[:NAME_CHARS_MAX].strip()
    anonymous = bool(_ANONYMOUS.fullmatch(name)) or _is_minified(name, filename or abs_path)
    if anonymous:
        name = ""
    else:
        last = name.rpartition(".")[2]
        name = _apply(_apply(name, _FUNCTION_NOISE), _SHARED_NOISE).strip(". ")
        anonymous = last in _COMPREHENSION or last in {"<lambda>", "{closure}", "<anonymous>"} or not name
    home = module[:NAME_CHARS_MAX]
    home = (
        ""
        if home in {"__main__", "<unknown module>", "?"} or "://" in home
        else _apply(home, _SHARED_NOISE + _LOCALS_NOISE)
    )
    home = _apply(home, _DOTNET_NOISE).strip("$.+")
    if not home and (filename or abs_path):
        home = _file_key(filename or abs_path)
    if anonymous:
        name = name.replace("<lambda>", "").replace("{closure}", "").replace("<anonymous>", "").strip(".\\ ")
        unnamed = _ANONYMOUS.fullmatch(name) or name in _COMPREHENSION or len(name) <= MINIFIED_NAME_CHARS_MAX
        name = "" if unnamed else name
    return Place(home, name, anonymous and not name, bool(_WRAPPER.fullmatch(name.rpartition(".")[2])))


def place_of(frame: Frame) -> Place:
    """Module and function of the frame, with generated parts, numbers and hashes taken out."""
    cut = NAME_CHARS_MAX
    return _place(frame.module[:cut], frame.function[:cut], frame.filename[:cut], frame.abs_path[:cut])


def app_frames(frames: Sequence[Frame]) -> list[Frame]:
    """The application's own frames, crash first; a repeated call (recursion) once."""
    own: list[Frame] = []
    last = None
    said = [frame for frame in frames[-FRAMES_MAX:] if frame.in_app]
    # Code generated at run time (``<sqlalchemy generated …>``) has no path, so SDKs take it for the application's.
    said = [frame for frame in said if frame.filename[:1] != "<"] or said
    for frame in reversed(said or [frame for frame in frames[-FRAMES_MAX:] if _own_or_unsaid(frame)]):
        if last is None or frame.function != last.function or frame.module != last.module:
            own.append(frame)
            last = frame
    return own


def library_entry(frames: Sequence[Frame]) -> Frame | None:
    """Where the library that crashed was entered: stable, while its inside changes with each version."""
    if not frames:
        return None
    crashed = frames[-1]
    package = _package(crashed)
    entry = crashed
    for frame in reversed(frames[-FRAMES_MAX:]):
        if _package(frame) != package:
            break
        entry = frame
    return entry


def _package(frame: Frame) -> str:
    home = place_of(frame).module
    parts = home.replace("/", ".").split(".")
    return ".".join(parts[:2]) if parts[0] in {"org", "com", "io", "net"} else parts[0]

# ruff: noqa: BLE001, D102, D103, E501, F821, PERF401, PLC0415, SIM115  # a program for the application's own interpreter: whatever fails there is told
# mypy: ignore-errors
"""Answer requests in one process, and say what each made the database do one row at a time, and what held the loop up.

Runs in a scratch copy with the application's interpreter. ARGUMENT: framework, target, requests; optionally limits, by
which ``ok`` is judged: ``lazy_max`` loads of one relation and ``stall_s_max`` seconds within one request.
"""

import asyncio
import contextlib
import importlib
import io
import json
import os
import sys
import threading
import time
import traceback

HERE = os.getcwd() + os.sep
NOW = {}
ASKED = {}
STALL_S = 0.1
STACK_MAX = 12


def start_request(line):
    NOW.clear()
    NOW.update({"request": line, "status": 0, "lazy": {}, "sql": {}, "stalls": {}, "error": "", "seconds": 0.0})


def own_stack(frame=None):
    """Return the application's own frames, the innermost first: path, function, line."""
    found = []
    while frame is not None and len(found) < STACK_MAX:
        path = frame.f_code.co_filename
        inside = path[len(HERE) :] if path.startswith(HERE) else ""
        if inside and "site-packages" not in inside and not inside.startswith((".", "venv", "env" + os.sep)):
            found.append([inside.replace(os.sep, "/"), frame.f_code.co_name, frame.f_lineno])
        frame = frame.f_back
    return found


def lazily(owner, attribute, target="", kind=""):
    entry = NOW.get("lazy", {}).setdefault(
        owner + "." + attribute,
        {"owner": owner, "attribute": attribute, "target": target, "kind": kind, "count": 0, "stack": []},
    )
    entry["count"] += 1
    if not entry["stack"]:
        entry["stack"] = own_stack(sys._getframe(1))


def queried(statement):
    if NOW:
        NOW["sql"][statement] = NOW["sql"].get(statement, 0) + 1


def watch_sqlalchemy():
    try:
        from sqlalchemy import event
        from sqlalchemy.engine import Engine
        from sqlalchemy.orm import Session
    except ImportError:
        return

    @event.listens_for(Engine, "before_cursor_execute")
    def on_sql(connection, cursor, statement, *rest):
        if statement.lstrip()[:6].upper() == "SELECT":
            queried(" ".join(statement.split()))

    @event.listens_for(Session, "do_orm_execute")
    def on_orm(state):
        if not NOW or not state.is_select or state.lazy_loaded_from is None:
            return
        path = getattr(state, "loader_strategy_path", None)
        steps = list(path.path if hasattr(path, "path") else path or ())
        prop = next((step for step in reversed(steps) if hasattr(step, "key") and hasattr(step, "parent")), None)
        if prop is not None:
            lazily(
                prop.parent.class_.__name__, prop.key, getattr(getattr(prop, "mapper", None), "class_", object).__name__
            )


def watch_django():
    from django.db import connections
    from django.db.models.fields import related_descriptors as related

    class Wrapper:
        def __call__(self, execute, sql, params, many, context):
            if sql.lstrip()[:6].upper() == "SELECT":
                queried(" ".join(sql.split()))
            return execute(sql, params, many, context)

    for connection in connections.all():
        connection.execute_wrappers.append(Wrapper())
    forward = related.ForwardManyToOneDescriptor.get_object

    def get_object(self, instance):
        if NOW:
            lazily(type(instance).__name__, self.field.name, self.field.remote_field.model.__name__, "select_related")
        return forward(self, instance)

    related.ForwardManyToOneDescriptor.get_object = get_object
    for kind in (related.ReverseManyToOneDescriptor, related.ManyToManyDescriptor):
        patch_many(kind)
    patch_fetching()


def patch_many(kind):
    """Remember by which name related rows were asked for; whether they are fetched, the queryset says."""
    before = kind.__get__

    def get(self, instance, cls=None):
        if instance is not None and NOW:
            is_reverse = getattr(self, "reverse", True) or not hasattr(self, "through")
            name = self.rel.get_accessor_name() if is_reverse else self.rel.field.name
            model = self.rel.related_model if is_reverse else self.rel.model
            ASKED[type(instance).__name__, model.__name__] = name
        return before(self, instance, cls)

    kind.__get__ = get


def patch_fetching():
    from django.db.models.query import QuerySet

    before = QuerySet._fetch_all

    def fetch(self):
        owner = self._hints.get("instance")
        name = ASKED.get((type(owner).__name__, self.model.__name__)) if owner is not None else None
        if NOW and name and self._result_cache is None:
            lazily(type(owner).__name__, name, self.model.__name__, "prefetch_related")
        before(self)

    QuerySet._fetch_all = fetch


def slow_network(seconds):
    """Let calls to other services take their time, as they do where there are any."""
    for module, owner, name in (
        ("requests.sessions", "Session", "send"), ("httpx", "Client", "send"), ("urllib.request", "OpenerDirector", "open"),
    ):  # fmt: skip
        if module.partition(".")[0] in sys.modules and module in sys.modules:
            kind = getattr(sys.modules[module], owner)
            setattr(kind, name, delayed(getattr(kind, name), seconds))


def delayed(function, seconds):
    def call(*args, **kwargs):
        time.sleep(seconds)
        return function(*args, **kwargs)

    return call


def load(target):
    module, _, name = target.partition(":")
    found = getattr(importlib.import_module(module), name)
    return found() if not hasattr(found, "routes") and not hasattr(found, "wsgi_app") else found


class Watch:
    """Sees from another thread that the event loop does not come round, and where it stands meanwhile."""

    def __init__(self):
        self.beat = time.monotonic()
        self.loop_thread = threading.get_ident()
        self.is_over = False
        self.thread = threading.Thread(target=self.look, daemon=True)

    async def pulse(self):
        while True:
            self.beat = time.monotonic()
            await asyncio.sleep(0.01)

    def look(self):
        while not self.is_over:
            time.sleep(0.02)
            late = time.monotonic() - self.beat
            if late < STALL_S or not NOW:
                continue
            stack = own_stack(sys._current_frames().get(self.loop_thread))
            if stack:
                key = json.dumps(stack)
                NOW["stalls"][key] = NOW["stalls"].get(key, 0.0) + 0.02
            NOW["stall_s"] = max(NOW.get("stall_s", 0.0), late)


async def asgi_all(app, requests, argument):
    watch = Watch()
    pulse = asyncio.ensure_future(watch.pulse())
    told = []
    async with lifespan(app):
        watch.thread.start()
        if argument.get("starved"):
            await take_all_threads()
        for request in [one for one in requests for _ in range(2 if one["method"] == "GET" else 1)]:
            start_request(request["method"] + " " + request["path"])
            await asyncio.sleep(0.03)
            begun = time.monotonic()
            try:
                NOW["status"] = await asyncio.wait_for(asgi_one(app, request), 2 if argument.get("starved") else 10)
            except BaseException as error:
                # why: the application may raise anything, and that is the answer
                NOW["error"] = f"{type(error).__name__}: {error}"[:300]
            NOW["seconds"] = time.monotonic() - begun
            told.append(json.loads(json.dumps(NOW)))
    NOW.clear()
    watch.is_over = True
    pulse.cancel()
    return told


async def take_all_threads():
    """Leave no thread for plain functions, as slow routes do."""
    from anyio import to_thread

    limiter = to_thread.current_default_thread_limiter()
    for _ in range(int(limiter.total_tokens)):
        await limiter.acquire_on_behalf_of(object())


@contextlib.asynccontextmanager
async def lifespan(app):
    inbox, outbox = asyncio.Queue(), asyncio.Queue()
    await inbox.put({"type": "lifespan.startup"})
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    task = asyncio.ensure_future(app(scope, inbox.get, outbox.put))
    waiting = asyncio.ensure_future(outbox.get())
    await asyncio.wait({task, waiting}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
    try:
        yield
    finally:
        await inbox.put({"type": "lifespan.shutdown"})
        await asyncio.wait({task}, timeout=2)
        task.cancel()


async def asgi_one(app, request):
    path, _, query = request["path"].partition("?")
    body = (request.get("body") or "").encode()
    headers = [(name.lower().encode(), value.encode()) for name, value in request.get("headers") or []]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": request["method"], "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(b"host", b"127.0.0.1"), *headers], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
    }  # fmt: skip
    sent = [{"type": "http.request", "body": body, "more_body": False}]
    status = [0]
    done = asyncio.Event()

    async def receive():
        if sent:
            return sent.pop()
        await done.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        if message["type"] == "http.response.start":
            status[0] = message["status"]

    try:
        await app(scope, receive, send)
    finally:
        done.set()
    return status[0]


def wsgi_all(app, requests):
    told = []
    for request in requests:
        start_request(request["method"] + " " + request["path"])
        try:
            NOW["status"] = wsgi_one(app, request)
        except BaseException as error:
            # why: the application may raise anything, and that is the answer
            NOW["error"] = f"{type(error).__name__}: {error}"[:300]
        told.append(json.loads(json.dumps(NOW)))
    NOW.clear()
    return told


def wsgi_one(app, request):
    path, _, query = request["path"].partition("?")
    body = (request.get("body") or "").encode()
    environ = {
        "REQUEST_METHOD": request["method"], "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1", "CONTENT_LENGTH": str(len(body)), "wsgi.version": (1, 0), "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr, "wsgi.multithread": False,
        "wsgi.multiprocess": False, "wsgi.run_once": False,
    }  # fmt: skip
    for name, value in request.get("headers") or []:
        key = name.upper().replace("-", "_")
        environ["CONTENT_TYPE" if key == "CONTENT_TYPE" else "HTTP_" + key] = value
    status = []
    answer = app(environ, lambda line, headers, info=None: status.append(int(line.split()[0])))
    b"".join(answer)
    getattr(answer, "close", lambda: None)()
    return status[0] if status else 0


def run(argument):
    sys.path[:0] = [os.getcwd(), *(os.path.join(os.getcwd(), root) for root in argument.get("roots") or ())]
    watch_sqlalchemy()
    if argument["framework"] == "django":
        import re

        named = re.search(r"DJANGO_SETTINGS_MODULE['\"]\s*,\s*['\"]([\w.]+)", open("manage.py").read())
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", named.group(1) if named else "settings")
        from django.core.wsgi import get_wsgi_application

        app = get_wsgi_application()
        watch_django()
        return wsgi_all(app, argument["requests"])
    app = load(argument["target"])
    slow_network(argument.get("network_s", 0.0))
    if argument["framework"] == "flask":
        return wsgi_all(app, argument["requests"])
    return asyncio.run(asgi_all(app, argument["requests"], argument))


def judged(told, argument):
    """Say whether all that was asked stayed within the limits."""
    wrong = []
    for one in told:
        for entry in one["lazy"].values():
            if entry["count"] > argument.get("lazy_max", 1e9):
                wrong.append(f"{one['request']}: {entry['owner']}.{entry['attribute']} loaded {entry['count']} times")
    if argument.get("starved"):
        wrong += [f"{one['request']}: no answer while every thread is busy" for one in told if not one["status"]]
    stalls = {}
    for one in told:  # what is asked twice counts by its better time: the first may import, connect, compile
        stall_s = sum(one["stalls"].values())
        stalls[one["request"]] = min(stalls.get(one["request"], stall_s), stall_s)
    for request, stall_s in stalls.items():
        if stall_s > argument.get("stall_s_max", 1e9):
            wrong.append(f"{request}: the event loop stood still for {stall_s:.2f} s")
    return not wrong, "; ".join(wrong) or "within the limits"


def main(argument):
    printed, sys.stdout = sys.stdout, sys.stderr
    try:
        told = run(argument)
        ok, detail = judged(told, argument)
        answer = {"told": told, "ok": ok, "detail": detail}
    except BaseException as error:
        # why: the application may raise anything, and that is the answer
        answer = {"error": f"{type(error).__name__}: {error}", "detail": traceback.format_exc()[-1500:], "ok": False}
    print(json.dumps(answer), file=printed, flush=True)
    os._exit(0)


main(ARGUMENT if "ARGUMENT" in globals() else json.loads(sys.argv[1]))

"""More real faults of a Python application: what broke earlier drafts of the algorithm."""

# ruff: noqa: E501 — sources are data: one line each reads best

from capture import NAMES, VOLATILE, Corpus, module


def further_messages(corpus: Corpus) -> None:
    """Messages that broke earlier drafts."""
    m = module("shop.x_mut", "def ping(n):\n    return pong(n)\ndef pong(n):\n    return ping(n)\n")
    corpus.add("mutual", "mutual recursion", m.ping, 1)
    corpus.add("mutual", "mutual recursion", m.pong, 1)
    corpus.add("mutual", "mutual recursion", lambda: m.ping(1))
    m = module("shop.x_rs", 'def pay(r):\n    raise RuntimeError(f"payment failed: {r}")\n')
    for r in ("declined", "expired", "insufficient funds", "card_declined"):
        corpus.add("reason3:" + r, "reasons", m.pay, r, times=3)
    m = module("shop.x_rs2", 'def pay(r):\n    raise RuntimeError("payment failed: %s" % r)\n')
    for r in ("card_declined", "insufficient_funds"):
        corpus.add("reason2:" + r, "reasons", m.pay, r, times=3)
    m = module("shop.x_bare", "def pay(r):\n    raise RuntimeError(r)\n")
    for r in (
        "payment failed: card_declined",
        "payment failed: insufficient_funds",
        "disk full",
        "quota exceeded",
        "invalid token",
        "invalid signature",
        "connection refused by peer",
        "connection reset by peer",
    ):
        corpus.add("bare:" + r, "reasons", m.pay, r, times=3)
    m = module("shop.x_bare2", "def pay(r):\n    raise RuntimeError(r)\n")
    for _ in range(6):
        corpus.add(
            "bare2",
            "volatile bare sku / int at ends",
            m.pay,
            f"order {VOLATILE['uuid']()} for {VOLATILE['email']()} failed",
        )
    for _ in range(6):
        corpus.add("bare2sku", "volatile bare sku / int at ends", m.pay, f"{VOLATILE['sku']()} is out of stock")
    for n in NAMES[:6]:
        corpus.add("bare2name", "volatile bare sku / int at ends", m.pay, f"user {n} not found")
    for n in NAMES[:6]:
        corpus.add("bare2two", "volatile bare sku / int at ends", m.pay, f"customer {n} {NAMES[3]} has no address")


def further_names(corpus: Corpus) -> None:
    """Names and helpers that broke earlier drafts."""
    m = module("shop.x_low", 'def pay(r):\n    raise LookupError(f"unknown user {r}")\n')
    for r in ("ana", "bob", "eve"):
        corpus.add("low", "lower-case names in f-string", m.pay, r)
    m = module("shop.x_low2", 'def pay(r):\n    raise LookupError(f"unknown user: {r}")\n')
    for r in ("ana", "bob", "eve"):
        corpus.add("low2", "lower-case names in f-string", m.pay, r)
    m = module(
        "shop.x_two",
        'def chk(o):\n    if o==1: raise ValueError("no lines")\n    if o==2: raise ValueError("no address")\n    if o==3: raise ValueError(f"bad total {o}")\n',
    )
    for o in (1, 2, 3):
        corpus.add(f"tworaise{o}", "two raises in one function", m.chk, o, times=2)
    m = module(
        "shop.x_cls",
        'class E(Exception):\n    def __init__(s, sku, n): s.a=(sku,n)\n    def __str__(s): return f"{s.a[0]}: only {s.a[1]} left"\ndef take(sku,n):\n    raise E(sku,n)\n',
    )
    for s in ("Blue Chair", "Lamp", "SKU-1"):
        corpus.add("late:subject", "class with __str__", m.take, s, 3)
    h = module(
        "shop.x_http",
        'class HttpError(Exception): pass\ndef request(u):\n    raise HttpError("bad status")\ndef get(u):\n    return request(u)\n',
    )
    for n in ("charge", "refund"):
        k = module(
            "shop.x_svc_" + n,
            f'def {n}(get):\n    return get("x")\ndef _inner(get): return get("x")\ndef {n}2(get):\n    return _inner(get)\n',
        )
        corpus.add("helper2:" + n, "helper implicit via same module private", getattr(k, n), h.get, times=2)
        corpus.add("helper2:" + n, "helper implicit via same module private", getattr(k, n), h.request, times=1)
    m = module("shop.x_l1", 'def mk():\n    return lambda d: d["zz"]\n')
    m2 = module("shop.x_l2", "def app(f):\n    return f({})\n")
    corpus.add("lamp", "lambda passed", lambda: m2.app(m.mk()))
    corpus.add("lamp", "lambda passed", lambda: m.mk()({}))
    m = module("shop.x_at", "def f(x):\n    return x.name\n")
    corpus.add("at", "attribute error of different types", m.f, None, times=2)
    m = module(
        "shop.x_rt",
        'def call(d):\n    return d["x"]\ndef with_retry(f,d):\n    try: return f(d)\n    except KeyError:\n        return f(d)\n',
    )
    corpus.add("rt", "retry chain", m.call, {})
    corpus.add("rt", "retry chain", m.with_retry, m.call, {})


def further_faults(corpus: Corpus) -> None:
    """Faults that broke earlier drafts."""
    m = module(
        "shop.x_wr",
        'import sqlite3\nclass DbError(Exception): pass\ndef q(sql):\n    try: sqlite3.connect(":memory:").execute(sql)\n    except sqlite3.Error as e: raise DbError(str(e))\n',
    )
    for t in ("aa", "bb"):
        corpus.add("wr" + t, "except wrap str(e)", m.q, f"select * from t_{t}", times=2)
    m = module(
        "shop.x_wr2",
        'import sqlite3\nclass DbError(Exception): pass\ndef q(sql):\n    try: sqlite3.connect(":memory:").execute(sql)\n    except sqlite3.Error as e: raise DbError(f"query failed: {e}") from None\n',
    )
    for t in ("aa", "bb"):
        corpus.add("wr2" + t, "except wrap str(e)", m.q, f"select * from t_{t}", times=2)
    m = module("shop.x_te", "def g(a): pass\ndef f(**k): return g(**k)\n")
    corpus.add("te", "type error argument", lambda: m.f(b=1))
    corpus.add("te2", "type error argument", lambda: m.f(c=1))
    m = module("shop.x_un", "def f(a,b): return a+b\n")
    corpus.add("un", "type error argument", m.f, 1, "x")
    corpus.add("un", "type error argument", m.f, 1, "y")
    m = module(
        "shop.x_cm",
        'import contextlib\n@contextlib.contextmanager\ndef tx():\n    yield\ndef work(d):\n    with tx():\n        return d["q"]\n',
    )
    corpus.add("cm", "context manager / contextlib", m.work, {}, times=2)
    m = module(
        "shop.x_pr",
        'class O:\n    def __init__(s,r): s.r=r\n    @property\n    def total(s): return s.r["sum"]\ndef view(r): return O(r).total\ndef mail(r): return O(r).total\n',
    )
    corpus.add("prop", "dataclass-like property", m.view, {})
    corpus.add("prop", "dataclass-like property", m.mail, {})
    m = module("shop.x_em", "def f(x):\n    if x: raise ValueError\n    raise KeyError()\n")
    corpus.add("em1", "empty message same func different lines", m.f, 1, times=2)
    corpus.add("em2", "empty message same func different lines", m.f, 0, times=2)
    m = module("shop.x_as", "def f(x):\n    assert x != 1\n    assert x != 2\n")
    corpus.add("as1", "assert without message two asserts in a function", m.f, 1, times=2)
    corpus.add("as2", "assert without message two asserts in a function", m.f, 2, times=2)


def more_helpers(corpus: Corpus) -> None:
    """Who is to blame."""
    m = module(
        "shop.y_f",
        'class StockError(Exception): pass\ndef take(n):\n    raise StockError(f"not enough stock for {n}")\ndef order(n):\n    return take(n)\ndef view(n):\n    return order(n)\n',
    )
    corpus.add("oneframe-explicit", "one more frame explicit raise", m.order, 3, times=2)
    corpus.add("oneframe-explicit", "one more frame explicit raise", m.view, 4, times=2)
    corpus.add("oneframe-explicit", "one more frame explicit raise", m.take, 5)
    m = module(
        "shop.y_val",
        'class Invalid(Exception): pass\ndef validate_email(v):\n    if "@" not in v: raise Invalid(f"invalid email: {v}")\n',
    )
    for n in ("signup", "invite"):
        k = module("shop.y_v_" + n, f"def {n}(f,v):\n    return f(v)\n")
        corpus.add(
            "validate",
            "validators with own class in the same module called by different",
            getattr(k, n),
            m.validate_email,
            "xx",
            times=2,
        )
    m = module(
        "shop.y_client",
        'class ApiError(Exception): pass\nclass Client:\n    def get(self, path):\n        return self._request("GET", path)\n    def _request(self, method, path):\n        raise ApiError("request failed")\n',
    )
    for n in ("load_user", "load_order"):
        k = module("shop.y_c_" + n, f'def {n}(c):\n    return c.get("/x")\n')
        corpus.add("api:" + n, "http raise_for_status custom", getattr(k, n), m.Client(), times=2)
    m = module(
        "shop.y_svc",
        'class UpErr(Exception): pass\ndef call(u):\n    raise UpErr("upstream failed")\ndef charge():\n    return call("a")\ndef refund():\n    return call("b")\n',
    )
    corpus.add("samemod:charge", "same-module two ops using a helper", m.charge, times=2)
    corpus.add("samemod:refund", "same-module two ops using a helper", m.refund, times=2)
    m = module(
        "shop.y_http", 'class UpErr(Exception): pass\ndef call(u,s):\n    raise UpErr(f"upstream returned {s}")\n'
    )
    for n in ("charge", "refund"):
        k = module("shop.y_h_" + n, f'def {n}(c,s):\n    return c("x",s)\n')
        corpus.add("helperf:" + n, "helper with status in f-string", getattr(k, n), m.call, 503)
        corpus.add("helperf:" + n, "helper with status in f-string", getattr(k, n), m.call, 502)
    m = module("shop.y_net", 'def call(u):\n    raise ConnectionError("upstream unreachable")\n')
    for n in ("charge", "refund"):
        k = module("shop.y_n_" + n, f'def {n}(c):\n    return c("x")\n')
        corpus.add("helperb:" + n, "helper with builtin exception class", getattr(k, n), m.call, times=2)
    m = module(
        "shop.y_gatewayx", 'class UpErr(Exception): pass\ndef post_payment(u):\n    raise UpErr("upstream failed")\n'
    )


def more_messages(corpus: Corpus) -> None:
    """What is data in a message."""
    m = module("shop.y_bare", "def fail(m):\n    raise RuntimeError(m)\n")
    for n in NAMES[:5]:
        corpus.add("bare:colon", "bare message with colon and value", m.fail, f"unknown customer: {n}")
    for n in NAMES[:5]:
        corpus.add("late:start", "bare message with colon and value", m.fail, f"{n} has no rights here")
    for t in ("u1@x.example", "u2@x.example"):
        corpus.add("bare:mail", "bare message with colon and value", m.fail, f"mail to {t} bounced")
    for t in ("a/b.csv", "/tmp/x y.csv", "/tmp/z.csv"):
        corpus.add("bare:path", "bare message with colon and value", m.fail, f"cannot open '{t}' for reading")
    for t in ("tea", "coffee", "milk"):
        corpus.add("bare:quoted", "bare message with colon and value", m.fail, f'product "{t}" is sold out')
    m = module("shop.y_json", 'import json\ndef load(t):\n    return json.loads(t)["items"][0]["price"]\n')
    corpus.add("json:items", "bare message with colon and value", m.load, "{}", times=2)
    corpus.add("json:index", "bare message with colon and value", m.load, '{"items":[]}', times=2)
    corpus.add("json:price", "bare message with colon and value", m.load, '{"items":[{}]}', times=2)
    corpus.add("json:parse", "bare message with colon and value", m.load, "{")
    m = module("shop.y_dt", 'import datetime\ndef parse(t):\n    return datetime.datetime.strptime(t,"%Y-%m-%d")\n')
    for t in ("2024-13-45", "yesterday", "20240101", "2024-01-01T00"):
        corpus.add("strptime", "bare message with colon and value", m.parse, t)
    m = module("shop.y_dec", "import decimal\ndef parse(t):\n    return decimal.Decimal(t)\n")
    for t in ("12,5", "x"):
        corpus.add("decimal", "bare message with colon and value", m.parse, t)


def more_language(corpus: Corpus) -> None:
    """Faults of the language."""
    m = module("shop.y_enum", "import enum\nclass C(enum.Enum):\n    A=1\ndef parse(t):\n    return C(t)\n")
    for t in ("x", 5, "y z"):
        corpus.add("enum", "bare message with colon and value", m.parse, t)
    m = module("shop.y_fl", "def parse(t):\n    return float(t)\n")
    for t in ("x", "1,5", "bare message with colon and value", "n/a"):
        corpus.add("float", "bare message with colon and value", m.parse, t)
    m = module("shop.y_imp", "def f(n):\n    return __import__(n)\n")
    corpus.add("imp:aa", "bare message with colon and value", m.f, "aa_mod", times=2)
    corpus.add("imp:bb", "bare message with colon and value", m.f, "bb_mod", times=2)
    m = module("shop.y_attr", "def f(o,n):\n    return getattr(o,n)\n")
    corpus.add("getattr:a", "bare message with colon and value", m.f, None, "alpha", times=2)
    m = module("shop.y_unpack", "def f(t):\n    a,b=t\n    return a\n")
    corpus.add("unpack", "bare message with colon and value", m.f, (1,))
    corpus.add("unpack2", "bare message with colon and value", m.f, (1, 2, 3))
    m = module("shop.y_idx", "def f(a,i):\n    return a[i]\n")
    corpus.add("idx", "bare message with colon and value", m.f, [1], 5)
    corpus.add("idx", "bare message with colon and value", m.f, [], 9)


def more_system(corpus: Corpus) -> None:
    """Faults of the system, and retries."""
    m = module("shop.y_os", "import os\ndef f(p):\n    os.remove(p)\n")
    for p in ("/nonexistent/a", "/nonexistent/bb"):
        corpus.add("os", "bare message with colon and value", m.f, p)
    m = module(
        "shop.y_timeout", 'class T(Exception): pass\ndef f(s,h):\n    raise T(f"timeout after {s}s talking to {h}")\n'
    )
    for s, h in ((1, "db1.local"), (2.5, "db2.local"), (3, "10.0.0.1")):
        corpus.add("timeout", "bare message with colon and value", m.f, s, h)
    m = module(
        "shop.y_st", "def a():\n    raise StopIteration\ndef g():\n    yield a()\ndef run():\n    return list(g())\n"
    )
    corpus.add("stopiter", "bare message with colon and value", m.run, times=2)
    m = module("shop.y_noargs", "class E(Exception): pass\ndef a():\n    raise E\ndef b():\n    raise E()\n")
    corpus.add("noargs:a", "bare message with colon and value", m.a, times=2)
    corpus.add("noargs:b", "bare message with colon and value", m.b, times=2)
    m = module(
        "shop.y_reraise",
        'def inner(d):\n    return d["x"]\ndef a(d):\n    try: inner(d)\n    except KeyError as e: raise\ndef b(d):\n    try: inner(d)\n    except KeyError as e: raise e\n',
    )
    corpus.add("reraise", "bare message with colon and value", m.inner, {})
    corpus.add("reraise", "bare message with colon and value", m.a, {})
    corpus.add("reraise", "bare message with colon and value", m.b, {})
    m = module(
        "shop.y_retry",
        "import functools,time\ndef retry(n):\n    def deco(f):\n        @functools.wraps(f)\n        def wrapper(*a):\n            last=None\n            for _ in range(n):\n                try: return f(*a)\n                except Exception as e: last=e\n            raise last\n        return wrapper\n    return deco\n",
    )
    k = module("shop.y_retry2", 'def sync(d):\n    return d["cur"]\n')
    corpus.add("retryraise", "bare message with colon and value", k.sync, {})
    corpus.add("retryraise", "bare message with colon and value", m.retry(2)(k.sync), {})

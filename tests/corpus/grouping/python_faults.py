"""Real faults of a Python application, each with what makes it hard to group."""

# ruff: noqa: E501 — sources are data: one line each reads best

import asyncio
import itertools

from capture import NAMES, RANDOM, VOLATILE, Corpus, module


def volatile(corpus: Corpus) -> None:
    """One raise, one issue, whatever the value, however the message is put together."""
    forms = {
        "fstring": "def run(v):\n    raise ValueError(f'cannot process {v} now')\n",
        "percent": "def run(v):\n    raise ValueError('cannot process %s now' % (v,))\n",
        "format": "def run(v):\n    raise ValueError('cannot process {} now'.format(v))\n",
        "concat": "def run(v):\n    raise ValueError('cannot process ' + str(v) + ' now')\n",
        "lines": "def run(v):\n    raise ValueError(\n        f'cannot process {v} '\n        'now'\n    )\n",
        "above": "def run(v):\n    msg = f'cannot process {v} now'\n    raise ValueError(msg)\n",
        "passed": "def run(v):\n    problem = make(v)\n    raise problem\ndef make(v):\n    return ValueError(f'cannot process {v} now')\n",
    }
    for (kind, value), (form, source) in zip(VOLATILE.items(), itertools.cycle(forms.items()), strict=False):
        made = module(f"shop.v_{kind}_{form}", source)
        for _ in range(4):
            corpus.add(f"volatile:{kind}:{form}", "one raise, a value in the message", made.run, value())
    made = module("shop.v_bare", forms["passed"])
    for name in NAMES[:6]:
        corpus.add("volatile:name:bare", "a free word in the middle of a message made elsewhere", made.run, name)
    kept = module(
        "shop.v_end",
        "class Missing(Exception):\n    def __init__(self, who):\n        super().__init__('no account for customer ' + who)\ndef run(v):\n    raise Missing(v)\n",
    )
    for name in NAMES[:5]:
        corpus.add("volatile:name:end", "a name at the end of a message made by the class", kept.run, name)


def same_line(corpus: Corpus) -> None:
    """One line, several problems: the message tells."""
    gate = module("shop.gate", "def fail(message):\n    raise RuntimeError(message)\n")
    for text in ("card declined by issuer", "no stock left in warehouse", "payment gateway closed the connection"):
        corpus.add(
            f"sameline:{text}", "a bare variable is raised: the message tells problems apart", gate.fail, text, times=4
        )
    pay = module("shop.pay", "def settle(reason):\n    raise RuntimeError(f'payment failed: {reason}')\n")
    for reason in ("card_declined", "insufficient_funds"):
        corpus.add(f"reason:{reason}", "a code at the end is a reason, not a value", pay.settle, reason, times=5)
    wrap = module("shop.wrapcause", "def go(e):\n    raise RuntimeError(f'sync failed: {e}')\n")
    for cause in ("the remote index is being rebuilt", "permission to read was revoked"):
        corpus.add(f"prose:{cause}", "what fills the slot is a message of its own", wrap.go, cause, times=3)
    codes = module(
        "shop.codes",
        "T = {1: 'coupon has expired', 2: 'basket is empty'}\ndef check_basket(k):\n    raise ValueError(T[k])\n",
    )
    for key in (1, 2):
        corpus.add(f"table:{key}", "messages come from a table", codes.check_basket, key, times=3)


def places(corpus: Corpus) -> None:
    """Equal words from different places; one place under other lines, callers, frames."""
    for index, name in enumerate(("load_cart", "send_invoice", "ship", "refund", "audit")):
        made = module(f"shop.m{index}", f"def {name}(row):\n    x = None\n    return x.id\n")
        corpus.add(f"none-id:{name}", "same type and message, another function", getattr(made, name), {}, times=2)
    for above, release in ((0, "shop@1.0.0"), (3, "shop@1.3.0"), (40, "shop@1.40.0")):
        made = module("shop.shift", "def total(d):\n    return d['price']\n", above=above)
        corpus.add("lineshift", "same bug after unrelated edits above", made.total, {}, times=2, release=release)
    core = module("shop.core", "def apply(d):\n    return d['tax'] * 2\n")
    for caller in ("checkout", "quote", "nightly"):
        made = module(f"shop.c_{caller}", f"def {caller}(f):\n    return f({{}})\n")
        corpus.add("callers", "one failing line, several callers", getattr(made, caller), core.apply, times=2)
    wrapped = module("shop.core2", "def apply(d):\n    return d['vat'] * 2\ndef thin(d):\n    return apply(d)\n")
    corpus.add("oneframe", "one more frame on the path", wrapped.apply, {}, times=2)
    corpus.add("oneframe", "one more frame on the path", wrapped.thin, {}, times=2)
    raised = module("shop.stock", "def take(n):\n    raise ValueError('stock must not be negative')\n")
    for caller in ("basket", "import_csv"):
        made = module(f"shop.s_{caller}", f"def {caller}(f):\n    return f(3)\n")
        corpus.add(
            "domain-raise",
            "a function of the domain raises the same for every caller",
            getattr(made, caller),
            raised.take,
            times=2,
        )
    two = module("shop.two", "def ratio(a, b, which):\n    if which:\n        return a / b\n    return b / len(a)\n")
    corpus.add("twolines:b", "two faults in one function", two.ratio, 1, 0, True, times=2)
    corpus.add("twolines:len", "two faults in one function", two.ratio, [], 3, False, times=2)
    for name in ("first", "second"):
        made = module(f"shop.empty_{name}", f"def {name}():\n    raise ValueError()\n")
        corpus.add(f"empty:{name}", "no message at all", getattr(made, name), times=2)
    edited = "def price(d):\n    return {}\n"
    for expression, release in (("d['net']", "shop@1.0.0"), ("round(d['net'], 2)", "shop@1.1.0")):
        made = module("shop.edit", edited.format(expression))
        corpus.add(
            "edited-line", "the failing line was edited around the fault", made.price, {}, times=2, release=release
        )


def helpers(corpus: Corpus) -> None:
    """Shared functions that raise for their callers."""
    http = module(
        "shop.http",
        "class UpstreamError(Exception): pass\ndef call(url, status):\n    raise UpstreamError('upstream failed')\n",
    )
    for name in ("charge", "refund", "reserve"):
        made = module(f"shop.pay_{name}", f"def {name}(call):\n    return call('https://pay/{name}', 503)\n")
        corpus.add(f"helper:{name}", "a shared helper raises for its caller", getattr(made, name), http.call, times=2)
    guards = module(
        "shop.guards",
        "def require(value, message):\n    if not value:\n        raise ValueError(message)\ndef ensure_positive(n):\n    assert n > 0, 'must be positive'\n",
    )
    for name in ("cart", "user"):
        made = module(f"shop.g_{name}", f"def {name}(require):\n    require(None, '{name} is needed')\n")
        corpus.add(f"guard:{name}", "a guard raises for its caller", getattr(made, name), guards.require, times=2)
        same = module(f"shop.p_{name}", f"def {name}_amount(check):\n    check(-1)\n")
        corpus.add(
            f"assert:{name}",
            "an assertion in a guard",
            getattr(same, f"{name}_amount"),
            guards.ensure_positive,
            times=2,
        )
    retry = "import functools\ndef retry(fn):\n    @functools.wraps(fn)\n    def wrapper(*a):\n        for n in range(2):\n            try:\n                return fn(*a)\n            except OSError:\n                pass\n        return fn(*a)\n    return wrapper\n"
    shared = module("shop.retrying", retry)
    job = module("shop.jobs", "def sync(d):\n    return d['cursor']\n")
    corpus.add("decorated", "with and without a decorator", job.sync, {}, times=2)
    corpus.add("decorated", "with and without a decorator", shared.retry(job.sync), {}, times=2)
    models = module(
        "shop.models", "class NotFound(Exception): pass\ndef get_or_404(kind, key):\n    raise NotFound('not found')\n"
    )
    for name in ("order_page", "profile_page"):
        made = module(f"shop.w_{name}", f"def {name}(get):\n    return get('x', 3)\n")
        corpus.add(f"404:{name}", "get_or_404 speaks for the page", getattr(made, name), models.get_or_404, times=2)


def chains(corpus: Corpus) -> None:
    """Causes, groups, handlers that fail."""
    chain = module(
        "shop.chain",
        "class A(Exception): pass\ndef ka(): {}['k']\ndef tz(): 1/0\ndef wa(f):\n    try: f()\n    except Exception as e: raise A('job failed') from e\n",
    )
    corpus.add("chain:key", "same wrapper, another cause", chain.wa, chain.ka, times=2)
    corpus.add("chain:zero", "same wrapper, another cause", chain.wa, chain.tz, times=2)
    handler = module(
        "shop.handler",
        "def load(d):\n    try:\n        return d['a']\n    except KeyError:\n        return d.missing()\ndef plain(d):\n    return d['a']\n",
    )
    corpus.add("handler", "the handler failed by itself", handler.load, {}, times=2)
    corpus.add("handler:plain", "without the handler", handler.plain, {}, times=2)
    group = module("shop.grp", "def gather(errors):\n    raise ExceptionGroup(f'{len(errors)} of 5 failed', errors)\n")
    for errors in (
        [ValueError("x 1"), KeyError("a")],
        [KeyError("b"), ValueError("x 2")],
        [KeyError("b"), ValueError("x"), ValueError("y")],
    ):
        corpus.add("group", "members in any order and number", group.gather, errors)
    corpus.add("group:os", "another set of members", group.gather, [OSError("gone"), KeyError("a")], times=2)


def language(corpus: Corpus) -> None:
    """Recursion, lambdas, generators, async."""
    recursive = module(
        "shop.tree",
        "def walk(node, depth):\n    if depth == 0:\n        return node['leaf']\n    return walk(node, depth - 1)\n",
    )
    for depth in (1, 3, 30):
        corpus.add("recursion", "other depths of recursion", recursive.walk, {}, depth)
    endless = module("shop.endless", "def down(n):\n    return down(n + 1)\n")
    corpus.add("endless", "the stack is full", endless.down, 0, times=2)
    lam = module(
        "shop.lam",
        "def by_price(rows):\n    return sorted(rows, key=lambda r: r['price'])\ndef by_name(rows):\n    return sorted(rows, key=lambda r: r['name'])\n",
    )
    corpus.add("lambda:price", "two lambdas of one module", lam.by_price, [{}, {}], times=2)
    corpus.add("lambda:name", "two lambdas of one module", lam.by_name, [{}, {}], times=2)
    gen = module(
        "shop.gen",
        "def total(rows):\n    return sum(r['n'] for r in rows)\ndef listed(rows):\n    return [r['n'] for r in rows]\n",
    )
    corpus.add("generator", "inside a generator", gen.total, [{}], times=2)
    corpus.add("comprehension", "inside a comprehension", gen.listed, [{}], times=2)
    aio = module(
        "shop.aio",
        "async def fetch(d):\n    return d['token']\nasync def outer(d):\n    import asyncio\n    return await asyncio.gather(fetch(d))\n",
    )
    corpus.add("async", "library frames of the event loop differ", aio.fetch, {}, times=2)
    corpus.add(
        "async",
        "library frames of the event loop differ",
        lambda d: asyncio.new_event_loop().run_until_complete(aio.fetch(d)),
        {},
    )
    corpus.add("async", "library frames of the event loop differ", aio.outer, {})
    keys = module(
        "shop.keys",
        "def rate(table, sku):\n    return table[sku]\ndef pair(d, which):\n    return d['low'] if which else d['high']\n",
    )
    for sku in ("SKU-101", "gift", "B-7", "Zoë's"):
        corpus.add("key:variable", "the key is data", keys.rate, {}, sku)
    corpus.add("key:low", "two keys written on one line", keys.pair, {}, True, times=2)
    corpus.add("key:high", "two keys written on one line", keys.pair, {}, False, times=2)
    parse = module(
        "shop.parse",
        "import json\ndef number(text):\n    return int(text)\ndef body(text):\n    return json.loads(text)\n",
    )
    for text in ("three", "7x", "", "１２a"):
        corpus.add("parse:int", "the text is data", parse.number, text)
    for text in ("{", "[1,2,", '{"a": nope}'):
        corpus.add(
            "parse:json",
            "position and text are data",
            parse.body,
            text + " " * RANDOM.randrange(9),
        )


def databases(corpus: Corpus) -> None:
    """Objects of the schema are categories; values are not."""
    db = module("shop.db", "def execute(c, sql, *args):\n    return c.execute(sql, args)\n")
    import sqlite3

    connection = sqlite3.connect(":memory:")
    connection.execute("create table users (email text unique, name text not null)")
    connection.execute("insert into users values ('a@b.c', 'a')")
    for table in ("users_v2", "orders_v2", "invoices"):
        corpus.add(
            f"sql:{table}",
            "one helper, another table is missing",
            db.execute,
            connection,
            f"select * from {table}",
            times=2,
        )
    corpus.add("sql:unique", "a constraint", db.execute, connection, "insert into users values ('a@b.c', 'b')", times=2)
    corpus.add(
        "sql:notnull", "another constraint", db.execute, connection, "insert into users values ('x@b.c', null)", times=2
    )
    corpus.add("sql:column", "a missing column", db.execute, connection, "select nope from users", times=2)
    opened = module("shop.files", "def read(path):\n    return open(path).read()\n")
    for path in ("/nonexistent/a.csv", "/nonexistent/b c.txt", "/nonexistent/ü/7.json"):
        corpus.add("file", "the path is data", opened.read, path)

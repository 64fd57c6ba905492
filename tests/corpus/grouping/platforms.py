"""Labelled events of the other platforms, shaped as their SDKs document and send them."""

# ruff: noqa: E501 — sources and payloads are data: one line each reads best

from collections.abc import Iterator
from typing import Any

Case = dict[str, Any]
Frame = dict[str, Any]


def _frame(
    function: str, *, module: str = "", file: str = "", line: int = 1, own: bool | None = True, code: str = ""
) -> Frame:
    found = {"function": function, "module": module, "filename": file, "abs_path": file, "lineno": line, "in_app": own}
    return {key: value for key, value in {**found, "context_line": code}.items() if value not in ("", None)}


def _error(
    platform: str, kind: str, text: str, frames: list[Frame], *causes: tuple[str, str, list[Frame]], home: str = ""
) -> Case:
    values = [{"type": t, "value": v, "stacktrace": {"frames": f}} for t, v, f in causes]
    values.append({"type": kind, "value": text, "module": home, "stacktrace": {"frames": frames}})
    return {"platform": platform, "exception": {"values": values}}


def _browser() -> Iterator[tuple[str, str, Case]]:
    def event(build: str, function: str, file: str, code: str, line: int, text: str, kind: str = "TypeError") -> Case:  # noqa: PLR0917
        path = f"https://shop.example/static/js/{file}.{build}.js"
        outer = _frame("onClick", file=f"https://shop.example/static/js/vendor.{build}.js", line=1, own=False)
        return _error("javascript", kind, text, [outer, _frame(function, file=path, line=line, code=code)])

    for build, line in (("8f3a2b1c", 10), ("77ab01cd", 14), ("1234abcd", 9)):
        yield (
            "js:cart-id",
            "build hash and line",
            event(
                build,
                "renderCart",
                "main",
                "  return cart.id;",
                line,
                "Cannot read properties of undefined (reading 'id')",
            ),
        )
        yield (
            "js:cart-total",
            "another property",
            event(
                build,
                "renderCart",
                "main",
                "  return cart.total;",
                line + 1,
                "Cannot read properties of undefined (reading 'total')",
            ),
        )
        yield (
            "js:order",
            "template literal",
            event(
                build,
                "submit",
                "main",
                "  throw new Error(`order ${id} was refused`);",
                line,
                f"order {line * 971} was refused",
                "Error",
            ),
        )
        yield (
            "js:anonymous-a",
            "no function name: the line tells",
            event(
                build,
                "?",
                "checkout",
                "  items.forEach(i => i.price.toFixed(2));",
                line,
                "Cannot read properties of null (reading 'toFixed')",
            ),
        )
        yield (
            "js:anonymous-b",
            "no function name: the line tells",
            event(
                build,
                "<anonymous>",
                "checkout",
                "  total.price.toFixed(2);",
                line,
                "Cannot read properties of null (reading 'toFixed')",
            ),
        )
        yield (
            "js:webpack",
            "paths of webpack",
            _error(
                "javascript",
                "ReferenceError",
                "gtag is not defined",
                [_frame("track", file=f"webpack:///./src/analytics.ts?{build[:4]}", line=line)],
            ),
        )
        yield (
            "js:chunk",
            "numbered chunk",
            event(build, "lazy", "731.chunk", "  return mod.default();", line, "mod.default is not a function"),
        )
        yield (
            "js:network",
            "no stack",
            {"platform": "javascript", "exception": {"values": [{"type": "TypeError", "value": "Failed to fetch"}]}},
        )
        yield (
            "js:promise",
            "a rejected value",
            {
                "platform": "javascript",
                "exception": {
                    "values": [
                        {
                            "type": "UnhandledRejection",
                            "value": f"Non-Error promise rejection captured with value: {line * 31}",
                        }
                    ]
                },
            },
        )


def _node() -> Iterator[tuple[str, str, Case]]:
    lib = [
        _frame(
            "processTicksAndRejections",
            module="node:internal.process.task_queues",
            file="node:internal/process/task_queues",
            own=False,
        ),
        _frame("Layer.handle [as handle_request]", file="/app/node_modules/express/lib/router/layer.js", own=False),
    ]
    for line, path in ((5, lib), (8, lib[:1]), (51, [])):
        yield (
            "node:price",
            "other frames of express",
            _error(
                "node",
                "TypeError",
                "Cannot read properties of undefined (reading 'price')",
                [
                    *path,
                    _frame(
                        "PricingService.quote",
                        module="pricing",
                        file="/app/src/pricing.js",
                        line=line,
                        code="    return item.price * qty;",
                    ),
                ],
            ),
        )
        yield (
            "node:refused",
            "host and port of a refused connection",
            _error(
                "node",
                "Error",
                f"connect ECONNREFUSED 127.0.0.1:{line + 6000}",
                [_frame("TCPConnectWrap.afterConnect [as oncomplete]", file="node:net", own=False)],
            ),
        )
        yield (
            "node:timeout",
            "anonymous async function",
            _error(
                "node",
                "Error",
                f"job {line}f{line}aa{line * 7}b timed out after {line * 100}ms",
                [
                    *path,
                    _frame(
                        "async Worker.run",
                        module="worker",
                        file="/app/src/worker.js",
                        line=line,
                        code="      throw new Error(`job ${job.id} timed out after ${ms}ms`);",
                    ),
                ],
            ),
        )
        yield (
            "node:closure",
            "closure in a named function",
            _error(
                "node",
                "RangeError",
                "Invalid array length",
                [
                    _frame(
                        "buildTable",
                        module="table",
                        file="/app/src/table.js",
                        line=line,
                        code="  rows.map(r => new Array(r.size));",
                    ),
                    _frame(
                        "<anonymous>",
                        module="table",
                        file="/app/src/table.js",
                        line=line + 1,
                        code="  rows.map(r => new Array(r.size));",
                    ),
                ],
            ),
        )


def _java() -> Iterator[tuple[str, str, Case]]:
    for number, proxy in ((17, "abc123"), (991, "77f0e1"), (4, "0a0b0c")):
        entry = [
            _frame("run", module="java.lang.Thread", own=False),
            _frame(
                "invoke",
                module=f"com.shop.OrderController$$EnhancerBySpringCGLIB$${proxy}",
                file="<generated>",
                own=True,
            ),
        ]

        def order(
            text: str,
            kind: str,
            function: str,
            cls: str = "com.shop.OrderService",
            *,
            line: int = number,
            top: list[Frame] = entry,
        ) -> Case:
            return _error(
                "java",
                kind,
                text,
                [*top, _frame(function, module=cls, file=f"{cls.rpartition('.')[2]}.java", line=line)],
                home="java.lang",
            )

        yield (
            "java:npe",
            "no source line; proxies on the path",
            order(
                'Cannot invoke "com.shop.Cart.total()" because "<local4>" is null'.replace("4", str(number % 7)),
                "NullPointerException",
                "checkout",
            ),
        )
        yield (
            "java:state",
            "number in a message",
            order(f"Order {number} is not payable", "IllegalStateException", "pay"),
        )
        yield (
            "java:state-other",
            "another message from the same method",
            order("Ledger is closed for the period", "IllegalStateException", "pay"),
        )
        yield (
            "java:lambda",
            "numbered lambdas",
            order(
                "Index 5 out of bounds for length 3".replace("5", str(number)),
                "IndexOutOfBoundsException",
                f"lambda$export${number}",
            ),
        )
        yield (
            "java:inner",
            "numbered inner class",
            order("boom", "UnsupportedOperationException", "run", f"com.shop.Exporter${number}"),
        )
        cause = [_frame("query", module="com.shop.Repo", file="Repo.java", line=number)]
        yield (
            "java:sql",
            "cause and wrapper",
            _error(
                "java",
                "DataAccessException",
                f"could not load order {number}",
                [*entry, _frame("load", module="com.shop.OrderService", line=number)],
                ("SQLException", 'ERROR: relation "orders" does not exist', cause),
            ),
        )
        yield (
            "java:sql-timeout",
            "another cause",
            _error(
                "java",
                "DataAccessException",
                f"could not load order {number}",
                [*entry, _frame("load", module="com.shop.OrderService", line=number)],
                ("SQLTimeoutException", f"timed out after {number} ms", cause),
            ),
        )


def _go() -> Iterator[tuple[str, str, Case]]:
    for number in (3, 44, 1205):
        top = [
            _frame("main", module="main", file="/app/main.go", line=number),
            _frame("HandlerFunc.ServeHTTP", module="net/http", file="/usr/local/go/src/net/http/server.go", own=False),
        ]

        def at(
            kind: str,
            text: str,
            function: str,
            module: str = "shop/orders",
            *,
            frames: list[Frame] = top,
            line: int = number,
        ) -> Case:
            return _error(
                "go", kind, text, [*frames, _frame(function, module=module, file=f"/app/{module}.go", line=line)]
            )

        yield (
            "go:nil",
            "a panic of the runtime",
            at(
                "runtime.errorString",
                "runtime error: invalid memory address or nil pointer dereference",
                "(*Server).Checkout",
            ),
        )
        yield (
            "go:nil-other",
            "the same panic elsewhere",
            at(
                "runtime.errorString",
                "runtime error: invalid memory address or nil pointer dereference",
                "(*Server).Refund",
            ),
        )
        yield (
            "go:index",
            "numbers in the runtime's words",
            at(
                "runtime.boundsError",
                f"runtime error: index out of range [{number}] with length {number - 1}",
                "(*Server).Page",
            ),
        )
        yield (
            "go:closure",
            "numbered closures",
            at("*errors.errorString", f"worker {number} gave up", f"(*Pool).Start.func{number % 3 + 1}", "shop/pool"),
        )
        yield (
            "go:notfound",
            "an error by its words",
            at("*errors.errorString", f"load order {number}: sql: no rows in result set", "Load", "shop/store"),
        )
        yield (
            "go:refused",
            "another error of the same function",
            at(
                "*errors.errorString",
                f"load order {number}: dial tcp 10.0.0.{number % 250}:5432: connect: connection refused",
                "Load",
                "shop/store",
            ),
        )


def _php() -> Iterator[tuple[str, str, Case]]:
    for number, release in ((11, "20260101120000"), (25, "20260203093000"), (7, "20260301000000")):

        def at(
            kind: str, text: str, function: str, file: str, code: str, *, line: int = number, root: str = release
        ) -> Case:
            lib = _frame(
                "Illuminate\\Pipeline\\Pipeline::handle",
                file="/srv/vendor/laravel/framework/src/Pipeline.php",
                own=False,
            )
            return _error(
                "php",
                kind,
                text,
                [lib, _frame(function, file=f"/srv/releases/{root}/app/{file}", line=line, code=code)],
            )

        yield (
            "php:key",
            "release directories",
            at(
                "ErrorException",
                'Undefined array key "tax"',
                "App\\Cart::total",
                "Cart.php",
                "        return $row['tax'];",
            ),
        )
        yield (
            "php:null",
            "call on null",
            at(
                "Error",
                "Call to a member function format() on null",
                "App\\Invoice::date",
                "Invoice.php",
                "        return $this->date->format('c');",
            ),
        )
        yield (
            "php:closure",
            "closures",
            at(
                "TypeError",
                "Unsupported operand types: string + int",
                "App\\Jobs\\{closure}",
                "Jobs.php",
                "            fn ($x) => $x->a + 1,",
            ),
        )
        yield (
            "php:sql",
            "SQLSTATE and values",
            at(
                "PDOException",
                f"SQLSTATE[23000]: Integrity constraint violation: 1062 Duplicate entry 'u{number}@ex.example' for key 'users.email'",
                "App\\Users::create",
                "Users.php",
                "        $this->db->execute($sql, $args);",
            ),
        )
        yield (
            "php:sql-other",
            "another key",
            at(
                "PDOException",
                f"SQLSTATE[23000]: Integrity constraint violation: 1062 Duplicate entry '{number}' for key 'orders.number'",
                "App\\Users::create",
                "Users.php",
                "        $this->db->execute($sql, $args);",
            ),
        )
        yield (
            "php:anonymous",
            "anonymous classes",
            at(
                "LogicException",
                "not supported",
                f"class@anonymous\0/srv/app/A.php:{number}$0::run",
                "A.php",
                "        throw new LogicException('not supported');",
            ),
        )


def _ruby() -> Iterator[tuple[str, str, Case]]:
    for number in (8, 31, 77):

        def at(kind: str, text: str, function: str, file: str, code: str, *, line: int = number) -> Case:
            lib = _frame("process_action", file="/usr/lib/ruby/gems/3.3.0/gems/actionpack-7.1/lib/metal.rb", own=False)
            return _error("ruby", kind, text, [lib, _frame(function, file=f"app/{file}", line=line, code=code)])

        yield (
            "ruby:nil",
            "undefined method",
            at("NoMethodError", "undefined method 'total' for nil", "checkout", "models/cart.rb", "    cart.total"),
        )
        yield (
            "ruby:nil-other",
            "another method of it",
            at("NoMethodError", "undefined method 'owner' for nil", "checkout", "models/cart.rb", "    cart.owner"),
        )
        yield (
            "ruby:block",
            "levels of blocks",
            at(
                "ZeroDivisionError",
                "divided by 0",
                f"block ({number % 3 + 2} levels) in average",
                "models/stats.rb",
                "      sum / count",
            ),
        )
        yield (
            "ruby:view",
            "generated view methods",
            at(
                "ActionView::Template::Error",
                "undefined local variable or method 'cart' for #<ActionView::Base:0x0000000000f" + f"{number:03}>",
                f"_app_views_cart_show_html_erb___{number}88273645_2220",
                "views/cart/show.html.erb",
                "<%= cart.id %>",
            ),
        )
        yield (
            "ruby:raise",
            "interpolation",
            at(
                "ArgumentError",
                f"order {number} has no lines",
                "validate_order",
                "models/order.rb",
                '    raise ArgumentError, "order #{id} has no lines"',
            ),
        )


def _dotnet() -> Iterator[tuple[str, str, Case]]:
    for number in (2, 15, 28):
        lib = [_frame("System.Threading.Tasks.Task.Execute", module="System.Threading.Tasks.Task", own=False)]

        def at(kind: str, text: str, function: str, module: str, *, top: list[Frame] = lib, line: int = number) -> Case:
            return _error(
                "csharp", kind, text, [*top, _frame(function, module=module, file=f"/src/{module}.cs", line=line)]
            )

        yield (
            "net:null",
            "state machines",
            at(
                "System.NullReferenceException",
                "Object reference not set to an instance of an object.",
                f"<CheckoutAsync>d__{number}.MoveNext",
                "Shop.Orders.OrderService",
            ),
        )
        yield (
            "net:null-other",
            "the same words elsewhere",
            at(
                "System.NullReferenceException",
                "Object reference not set to an instance of an object.",
                f"<RefundAsync>d__{number}.MoveNext",
                "Shop.Orders.OrderService",
            ),
        )
        yield (
            "net:display",
            "display classes",
            at(
                "System.InvalidOperationException",
                "Sequence contains no elements",
                f"<>c__DisplayClass{number}_0.<Export>b__{number}",
                "Shop.Export",
            ),
        )
        yield (
            "net:key",
            "the key is data",
            at(
                "System.Collections.Generic.KeyNotFoundException",
                f"The given key 'SKU-{number}' was not present in the dictionary.",
                "Rate",
                "Shop.Prices",
            ),
        )
        yield (
            "net:state",
            "a number in the words",
            at(
                "System.InvalidOperationException",
                f"Order {number} was already shipped",
                "Ship",
                "Shop.Orders.Shipping",
            ),
        )


def _messages() -> Iterator[tuple[str, str, Case]]:
    for number in (5, 812, 77):
        yield (
            "log:batch",
            "a template with parameters",
            {
                "logger": "shop.jobs",
                "logentry": {
                    "message": "reconciliation failed for batch %d",
                    "formatted": f"reconciliation failed for batch {number}",
                    "params": [number],
                },
            },
        )
        yield (
            "log:batch-other",
            "the same template of another logger",
            {
                "logger": "shop.mail",
                "logentry": {
                    "message": "reconciliation failed for batch %d",
                    "formatted": f"reconciliation failed for batch {number}",
                    "params": [number],
                },
            },
        )
        yield (
            "log:filled",
            "a text filled in before",
            {"logger": "shop.jobs", "message": f"worker {number} lost its lease on queue-{number}"},
        )
        yield "log:slow", "another text", {"logger": "shop.jobs", "message": f"slow query took {number}ms"}
        yield (
            "log:percent-s",
            "a template without words",
            {
                "logger": "shop.raw",
                "logentry": {"message": "%s", "formatted": f"disk is {number}% full", "params": ["x"]},
            },
        )
        yield (
            "log:percent-s-other",
            "a template without words",
            {
                "logger": "shop.raw",
                "logentry": {"message": "%s", "formatted": f"cache lost {number} keys", "params": ["x"]},
            },
        )
        yield "empty:level", "nothing at all", {"platform": "other", "level": "warning", "transaction": "/nothing"}
        for directive, host in (("script-src-elem", "evil.example"), ("img-src", "ads.example")):
            report = {
                "effective_directive": directive,
                "blocked_uri": f"https://{host}/x{number}.js",
                "document_uri": f"https://shop.example/p/{number}",
            }
            yield (
                f"csp:{directive}",
                "the page does not count",
                {
                    "platform": "javascript",
                    "logger": "csp",
                    "csp": report,
                    "message": f"Blocked {directive} from {host}",
                },
            )
        yield (
            "client:set",
            "the client decides",
            {
                "fingerprint": ["stock-sync"],
                **_error("python", f"Error{number}", f"x {number}", [_frame(f"f{number}a", module="shop.sync")]),
            },
        )
        for tenant in ("acme", "globex"):
            yield (
                f"client:{tenant}",
                "default and one word more",
                {
                    "fingerprint": ["{{ default }}", tenant],
                    **_error(
                        "python",
                        "KeyError",
                        "'k'",
                        [_frame("load", module="shop.tenants", code="    d['k']", line=number)],
                    ),
                },
            )


def platform_cases() -> Iterator[Case]:
    """All of them, numbered."""
    number = 100_000
    for part in (_browser, _node, _java, _go, _php, _ruby, _dotnet, _messages):
        for label, why, event in part():
            number += 1
            yield {"label": label, "why": why, "event": {"event_id": f"{number:032x}", **event}}

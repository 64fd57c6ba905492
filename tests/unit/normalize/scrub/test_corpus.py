"""What must vanish from a payload and what must stay readable, case by case, in real senders' shapes."""

import json
from typing import Any

import pytest

from naosu.domain.project import ScrubSettings
from naosu.normalize.scrub import Scrubber

SCRUBBER = Scrubber(ScrubSettings(), pseudonym_key=b"test key of the installation")
GHP = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.dBjftJeZ4CVPmB92K27uhbUJU1p1r"


def v(name: str, value: Any) -> dict[str, Any]:
    """A local variable of a Python frame."""
    frame = {"function": "login", "vars": {name: value}, "in_app": True}
    return {"exception": {"values": [{"type": "E", "stacktrace": {"frames": [frame]}}]}}


def msg(text: str) -> dict[str, Any]:
    return {"logentry": {"formatted": text}}


def exc(text: str) -> dict[str, Any]:
    return {"exception": {"values": [{"type": "E", "value": text}]}}


def code(text: str) -> dict[str, Any]:
    frame = {"function": "f", "context_line": text, "pre_context": ["x = 1", text], "post_context": [text]}
    return {"exception": {"values": [{"type": "E", "stacktrace": {"frames": [frame]}}]}}


def req(**parts: Any) -> dict[str, Any]:
    return {"request": {"url": "https://shop.example/x", "method": "POST", **parts}}


# (payload, must vanish, must stay)
CASES: dict[str, tuple[dict[str, Any], list[str], list[str]]] = {
    # Python: variables are renderings, in any nesting
    "py var": (v("password", "'hunter2'"), ["hunter2"], ["login"]),
    "py var none": (v("password", "None"), [], ["None"]),
    "py var number": (v("pin", 4711), ["4711"], []),
    "py var object": (v("session", "<sqlalchemy.orm.session.Session object at 0x7f1dd5f42cd0>"), [], ["orm.session"]),
    "py var session id": (v("session", "'83fa0b2b4085ddb0'"), ["83fa0b2b"], []),
    "py var auth tuple": (v("auth", "('bob', 'hunter2')"), ["hunter2"], []),
    "py var auth list": (v("auth", ["'bob'", "'hunter2'"]), ["hunter2"], []),
    "py var nested": (v("cfg", {"db": {"db_password": "'hunter2'"}}), ["hunter2"], ["db"]),
    "py repr dict": (v("kwargs", "{'password': 'hunter2', 'name': 'bob'}"), ["hunter2"], ["bob"]),
    "py repr dict bytes": (v("kwargs", "{b'password': b'hunter2', 'n': 1}"), ["hunter2"], ["'n': 1"]),
    "py repr escaped quote": (v("kwargs", "{'password': 'hun\\'ter2', 'name': 'bob'}"), ["ter2"], ["bob"]),
    "py repr double quotes": (v("kwargs", "{'password': \"hun'ter2\", 'name': 'bob'}"), ["ter2", "hun"], ["bob"]),
    "py repr nested container": (v("a", "{'token': {'raw': 'abc123', 'x': [1, 2]}, 'n': 5}"), ["abc123"], ["'n': 5"]),
    "py repr list of pairs": (v("h", "[('host', 'x'), ('authorization', 'Bearer abc.def')]"), ["abc.def"], ["host"]),
    "py asgi headers": (v("h", "[(b'host', b'shop'), (b'cookie', b'sid=abc123')]"), ["abc123"], ["shop"]),
    "py dataclass": (v("form", "LoginForm(user='bob', password='hunter2')"), ["hunter2"], ["bob"]),
    "py secretstr": (v("form", "Login(password=SecretStr('hunter2'), user='bob')"), ["hunter2"], ["bob"]),
    "py masked secretstr": (v("form", "Login(password=SecretStr('**********'))"), [], ["Login"]),
    "py kwargs deep": (v("x", "f(api_key='k-1234567', n=3)"), ["k-1234567"], ["n=3"]),
    "py truncated repr": (v("x", "{'user': 'bob', 'password': 'hunter2 is lon..."), ["hunter2"], ["bob"]),
    "py environ": (v("environ", {"HTTP_COOKIE": "'sid=abc123'", "PATH_INFO": "'/x'"}), ["abc123"], ["/x"]),
    "py environ auth": (v("environ", {"HTTP_AUTHORIZATION": "'Basic Ym9iOmh1bnRlcjI='"}), ["Ym9iOm"], []),
    "py environ secret": (v("env", "environ({'SECRET_KEY': 'dj-abc', 'HOME': '/root'})"), ["dj-abc"], ["/root"]),
    "py argv": ({"extra": {"sys.argv": ["app", "--password", "hunter2", "-v"]}}, ["hunter2"], ["app", "-v"]),
    "py argv text": (msg("run app --api-token abcd1234 --port 80"), ["abcd1234"], ["--port 80"]),
    "py complaint": (
        exc("{'password': ['This field is required.'], 'pin': ['Ensure this field has at least 4 characters.']}"),
        [],
        ["This field is required.", "at least 4 characters."],
    ),
    "py complaint detail": (
        v("errors", "{'token': [ErrorDetail(string='This field may not be blank.', code='blank')]}"),
        [],
        ["may not be blank", "code='blank'"],
    ),
    "py complaint json": ({"extra": {"password": ["This field is required."]}}, [], ["is required."]),
    "py no complaint": (exc("{'password': ['This field is required.', 'hunter2']}"), ["hunter2"], []),
    "py no complaint but a phrase": (exc("{'password': ['correct horse battery.']}"), ["horse"], []),
    "py keyerror": (exc("'token'"), [], ["'token'"]),
    "py keyerror message": (exc("KeyError: 'password'"), [], ["'password'"]),
    "py missing argument": (exc("f() missing 1 required positional argument: 'password'"), [], ["'password'"]),
    "py attribute error": (exc("'NoneType' object has no attribute 'session_id'"), [], ["session_id"]),
    "py unexpected kwarg": (exc("login() got an unexpected keyword argument 'token'"), [], ["'token'"]),
    "py sqlalchemy": (exc("(e) [SQL: UPDATE u SET password='hunter2' WHERE id=1]"), ["hunter2"], ["UPDATE u", "id=1"]),
    "py sql placeholder": (exc("[SQL: SELECT * FROM u WHERE token = ? AND x=%(secret)s]"), [], ["token = ?"]),
    "py pydantic": (exc("password\n  Field required [type=missing, input_type=dict]"), [], ["Field required"]),
    "py dsn": (exc("could not connect: postgresql://shop:hunter2@db:5432/shop"), ["hunter2"], ["db:5432"]),
    "py redis dsn": (exc("Error at redis://:hunter2@cache:6379/0"), ["hunter2"], ["cache:6379"]),
    "py url with port": (exc("GET http://host:8080/path?x=1 failed"), [], ["host:8080/path?x=1"]),
    "py jwt error": (exc("Invalid token: expired"), [], ["Invalid token: expired"]),
    "py signature expired": (exc("token signature has expired"), [], ["token signature has expired"]),
    "py jwt in text": (exc(f"cannot decode {JWT} now"), [JWT, "dBjftJ"], ["cannot decode", "now"]),
    "py bearer in text": (msg("sent Authorization: Bearer abcdef123456"), ["abcdef123456"], ["sent"]),
    "py bearer prose": (msg("Bearer authentication required"), [], ["Bearer authentication required"]),
    "py basic prose": (msg("Basic authentication required"), [], ["Basic authentication required"]),
    "py prose colon": (msg("password: hunter2"), ["hunter2"], ["password"]),
    "py prose equals": (msg("login with password=hunter2 failed"), ["hunter2"], ["failed"]),
    "py prose reset": (msg("password reset requested for account 7"), [], ["reset requested for account 7"]),
    "py log session prose": (msg("loading cart for session 12"), [], ["loading cart for session 12"]),
    "py quoted in prose": (msg("wrong password 'hunter2' given"), ["hunter2"], ["given"]),
    "py opaque after word": (msg("revoked token a8f5f167f44f4964e6c998dee827110c"), ["a8f5f167"], ["revoked"]),
    # Source code: only literals
    "code subscript": (code("    return d['token']"), [], ["return d['token']"]),
    "code form": (code('password = request.form["password"]'), [], ['request.form[\\"password\\"]']),
    "code literal": (code('password = "hunter2"'), ["hunter2"], ["password = "]),
    "code annotated": (code('password: str = "hunter2"'), ["hunter2"], ["password: str"]),
    "code signature": (code("def login(user: str, password: str) -> Token:"), [], ["password: str) -> Token:"]),
    "code dict literal": (code("headers = {'X-Api-Key': 'k-12345', 'Accept': '*/*'}"), ["k-12345"], ["Accept"]),
    "code dict name": (code("body = {'password': password, 'token': tok}"), [], ["'password': password"]),
    "code kwarg": (code("connect(user='bob', password='hunter2')"), ["hunter2"], ["'bob'"]),
    "code getenv": (code("os.getenv('SECRET_KEY', 'dev-secret-1')"), ["dev-secret-1"], ["os.getenv"]),
    "code getenv plain": (code("KEY = os.environ['SECRET_KEY']"), [], ["os.environ['SECRET_KEY']"]),
    "code f-string": (code('h = {"Authorization": f"Bearer {token}"}'), [], ["Bearer {token}"]),
    "code concatenation": (code('h["Authorization"] = "Bearer " + token'), [], ["Bearer "]),
    "code assign item": (code('h["Authorization"] = "Bearer abc123def456"'), ["abc123def456"], []),
    "code call": (code("token = make_token(user)"), [], ["token = make_token(user)"]),
    "code compare": (code("if token is None or session.closed:"), [], ["if token is None or session.closed:"]),
    "code names": (code('PASSWORD_FIELD = "password"'), [], ["PASSWORD_FIELD"]),
    "code setter": (code('client.setPassword("hunter2");'), ["hunter2"], ["client.setPassword"]),
    "code go": (code('password := "hunter2"'), ["hunter2"], []),
    "code php": (code("$password = 'hunter2';"), ["hunter2"], []),
    "code ruby": (code("Client.new(password: 'hunter2')"), ["hunter2"], []),
    "code define": (code("define('DB_PASSWORD', 'hunter2');"), ["hunter2"], ["define"]),
    "code raise": (code('raise PermissionError(f"token expired at {now}")'), [], ["token expired at {now}"]),
    "code url in literal": (code("get('https://a.example/?token=abc123&x=1')"), ["abc123"], ["x=1"]),
    "code fetch": (code("ENV.fetch('API_SECRET', 'dev-secret-1')"), ["dev-secret-1"], ["ENV.fetch"]),
    "code session": (code("    with Session(engine) as session: session.add(x)"), [], ["session.add(x)"]),
    "code auth": (code("            auth=auth,"), [], ["auth=auth,"]),
    "code dsn": (code('engine = create_engine("mysql://root:hunter2@db/x")'), ["hunter2"], ["create_engine"]),
    # Frames and names
    "frame function": ({"stacktrace": {"frames": [{"function": "reset_password"}]}}, [], ["reset_password"]),
    "frame module": ({"stacktrace": {"frames": [{"module": "app.auth.tokens"}]}}, [], ["app.auth.tokens"]),
    "frame filename": ({"stacktrace": {"frames": [{"filename": "auth/session.py"}]}}, [], ["auth/session.py"]),
    "exception type": ({"exception": {"values": [{"type": "InvalidTokenError"}]}}, [], ["InvalidTokenError"]),
    "cpp function": ({"stacktrace": {"frames": [{"function": "Token::parse"}]}}, [], ["Token::parse"]),
    "author": ({"extra": {"author": "Ann", "authors": ["Bo"]}}, [], ["Ann", "Bo"]),
    "secretary": ({"extra": {"secretary": "Ann"}}, [], ["Ann"]),
    "token count": (
        {"extra": {"token_count": 812, "max_tokens": 4096, "total_tokens": "77"}},
        [],
        ["812", "4096", "77"],
    ),
    "tokenizer": ({"extra": {"tokenizer": "cl100k"}}, [], ["cl100k"]),
    "token type": ({"extra": {"token_type": "bearer", "token_url": "/oauth"}}, [], ["/oauth"]),
    "cookie name": ({"extra": {"session_cookie_name": "sid"}}, [], ["sid"]),
    "csrf enabled": ({"extra": {"csrf_enabled": True}}, [], ["true"]),
    "span op": ({"contexts": {"trace": {"op": "session.refresh", "description": "auth"}}}, [], ["session.refresh"]),
    "category auth": ({"breadcrumbs": {"values": [{"category": "auth", "message": "ok"}]}}, [], ["auth", "ok"]),
    "tag": ({"tags": {"api_token": "abc123", "region": "eu"}}, ["abc123"], ["eu"]),
    "tag pair": ({"tags": [["api_token", "abc123"], ["region", "eu"]]}, ["abc123"], ["eu"]),
    "tag object": ({"tags": [{"key": "api_token", "value": "abc123"}]}, ["abc123"], []),
    "tag value first": ({"tags": [{"value": "abc123", "key": "api_token"}]}, ["abc123"], ["api_token"]),
    "header value first": (
        req(headers=[{"value": "Bearer eyJhbGciOi", "name": "Authorization"}, {"value": "a", "name": "Host"}]),
        ["eyJ"],
        ["Host", '"a"'],
    ),
    "value first with a container": (
        {
            "extra": {
                "p": [
                    {"value": {"value": ["abc123", {"a": "kim@example.com"}]}, "n": 1, "name": "x"},
                    {"value": {"value": ["abc124", {"a": "kim@example.com"}]}, "name": "secret"},
                ]
            }
        },
        ["abc124", "kim@"],
        ["abc123"],
    ),
    "value first and a number": ({"extra": {"p": [{"value": 4711, "key": "pin"}]}}, ["4711"], ["pin"]),
    "value of another pair": ({"extra": {"p": [{"value": "abc123"}, {"key": "token"}]}}, [], ["abc123"]),
    "camel case": ({"extra": {"userPassword": "hunter2", "clientSecret": "s3"}}, ["hunter2", "s3"], []),
    "token object": ({"extra": {"token": {"a": "x1", "b": ["x2"]}}}, ["x1", "x2"], []),
    "number": ({"extra": {"password": 123456}}, ["123456"], []),
    "empty values": ({"extra": {"password": "", "token": None, "cookies": {}}}, [], ["password", "token", "cookies"]),
    "filtered stays": ({"extra": {"password": "[Filtered]"}}, [], ["[Filtered]"]),
    "meta stays": (
        {"_meta": {"request": {"headers": {"Authorization": {"": {"rem": [["!config", "s"]]}}}}}, "platform": "python"},
        [],
        ["!config", "rem"],
    ),
    "foreign meta": ({"extra": {"_meta": {"password": "hunter2"}}}, ["hunter2"], []),
    "key with secret": ({"extra": {f"Bearer {GHP}": 1}}, [GHP], []),
    # Requests
    "header dict": (req(headers={"Authorization": "Bearer x1y2z3", "Host": "a"}), ["x1y2z3"], ["Host"]),
    "header pairs": (req(headers=[["Cookie", "sid=abc123"], ["Host", "a"]]), ["abc123"], ["Host"]),
    "header pairs api key": (req(headers=[["Host", "a"], ["X-Api-Key", "abc123"]]), ["abc123"], []),
    "header set-cookie": (req(headers={"Set-Cookie": "sid=abc123; Path=/"}), ["abc123"], []),
    "header proxy": (req(headers={"Proxy-Authorization": "Basic Ym9iOng="}), ["Ym9iOng="], []),
    "header csrf": (req(headers={"X-CSRFToken": "abc123"}), ["abc123"], []),
    "header forwarded": (req(headers={"X-Forwarded-For": "203.0.113.9, 10.1.2.3"}), ["203.0.113.9", "10.1.2.3"], []),
    "user agent": (req(headers={"User-Agent": "Mozilla/5.0 Chrome/128.0.0.0 Safari/537.36"}), [], ["Chrome/128.0.0.0"]),
    "cookies text": (req(cookies="sid=abc123; theme=dark"), ["abc123"], []),
    "cookies dict": (req(cookies={"sid": "abc123"}), ["abc123"], []),
    "cookies pairs": (req(cookies=[["sid", "abc123"]]), ["abc123"], []),
    "query text": (req(query_string="token=abc123&page=2"), ["abc123"], ["page=2"]),
    "query dict": (req(query_string={"token": "abc123", "page": "2"}), ["abc123"], ["page"]),
    "query pairs": (req(query_string=[["token", "abc123"], ["page", "2"]]), ["abc123"], ["page"]),
    "query in url": (req(url="https://a.example/cb?access_token=abc123&x=1"), ["abc123"], ["x=1"]),
    "query fragment": (req(url="https://a.example/#id_token=abc123"), ["abc123"], []),
    "query encoded": (req(query_string="next=%2Fcb%3Ftoken%3Dabc123%26x%3D1"), ["abc123"], ["next=%2Fcb"]),
    "form": (req(data="user=bob&password=hunter2&x=1"), ["hunter2"], ["user=bob", "x=1"]),
    "form dict": (req(data={"user": "bob", "password": "hunter2"}), ["hunter2"], ["bob"]),
    "json body in text": (req(data='{"user": "bob", "password": "hun\\"ter2"}'), ["ter2"], ["bob"]),
    "json twice": (req(data=json.dumps(json.dumps({"user": "bob", "password": "hunter2"}))), ["hunter2"], ["bob"]),
    "multipart": (
        req(data='--b\r\nContent-Disposition: form-data; name="password"\r\n\r\nhunter2\r\n--b--'),
        ["hunter2"],
        [],
    ),
    "xml": (req(data="<user>bob</user><password>hunter2</password>"), ["hunter2"], ["bob"]),
    "env remote": (req(env={"REMOTE_ADDR": "203.0.113.9", "SERVER_PORT": "80"}), ["203.0.113.9"], ["80"]),
    "header dump": (msg("> Host: a\n> Cookie: sid=abc123; b=2\n> Accept: */*"), ["abc123", "b=2"], ["Accept"]),
    # People
    "email user": ({"user": {"id": "7", "email": "kim@example.com"}}, ["kim@"], ["7", "[email:"]),
    "email text": (
        msg("no account for kim.lee+x@mail.example.co.uk here"),
        ["kim.lee"],
        ["no account for [email:", "here"],
    ),
    "email encoded": (req(query_string="mail=kim%40example.com&x=1"), ["kim%40"], ["x=1"]),
    "email in json": (msg('{"to":"kim@example.com"}'), ["kim@"], ["to"]),
    "no email release": ({"release": "shop@1.4.2-rc.beta"}, [], ["shop@1.4.2-rc.beta"]),
    "no email decorator": (code("@app.route('/x')"), [], ["@app.route"]),
    "no email image": (msg("missing logo@2x.png"), [], ["logo@2x.png"]),
    "no email npm": (msg("at node_modules/express@4.18.2/index.js"), [], ["express@4.18.2"]),
    "ip user": ({"user": {"ip_address": "198.51.100.7"}}, ["198.51.100.7"], ["[ip:"]),
    "ip auto": ({"user": {"ip_address": "{{auto}}"}}, [], ["{{auto}}"]),
    "ip v6": ({"user": {"ip_address": "2001:db8:85a3::8a2e:370:7334"}}, ["8a2e"], ["[ip:"]),
    "ip v6 text": (msg("from [2a00:1450:4001:81b::200e]:443 refused"), ["81b"], ["refused"]),
    "ip text": (msg("connect to 10.4.0.12:5432 refused"), ["10.4.0.12"], [":5432 refused"]),
    "ip loopback": (msg("connect to 127.0.0.1:5432 and ::1 and 0.0.0.0"), [], ["127.0.0.1:5432", "::1", "0.0.0.0"]),
    "ip java": (msg("Connection refused: db.internal/10.4.0.12:5432"), ["10.4.0.12"], ["db.internal"]),
    "version release": ({"release": "1.4.2.0"}, [], ["1.4.2.0"]),
    "version sdk": ({"sdk": {"name": "s", "version": "4.1.2.0"}}, [], ["4.1.2.0"]),
    "version modules": ({"modules": {"Npgsql": "8.0.3.0", "Token.Lib": "1.2.3.4"}}, [], ["8.0.3.0"]),
    "version dotnet": (exc("Could not load 'X, Version=6.0.0.0, Culture=neutral'"), [], ["6.0.0.0"]),
    "time is no ip": (msg("at 21:53:04.129962Z took 1.5s"), [], ["21:53:04.129962Z"]),
    # Cards
    "card plain": (msg("card 4111111111111111 declined"), ["4111111111111111"], ["declined"]),
    "card spaces": (msg("card 5555 5555 5555 4444 declined"), ["5555 5555"], ["declined"]),
    "card dashes": (msg("card 3782-822463-10005 declined"), ["822463"], ["declined"]),
    "card number": ({"extra": {"value": 4111111111111111}}, ["4111111111111111"], []),
    "card in list": ({"extra": {"v": [1, 4111111111111111, 2]}}, ["4111111111111111"], []),
    "no card wrong digit": (msg("order 4111111111111112"), [], ["4111111111111112"]),
    "no card timestamp": ({"extra": {"at": 1732230000000, "ns": 1732230000000000000}}, [], ["1732230000000"]),
    "no card trace": (
        {"contexts": {"trace": {"trace_id": "41111111111111114111111111111111"}}},
        [],
        ["4111111111111111411"],
    ),
    "no card phone": (msg("call +4111111111111111"), [], ["+4111111111111111"]),
    "cvv": (req(data="number=1&cvv=123&x=1"), ["cvv=123"], ["x=1"]),
    # Shapes
    "github": (msg(f"push with {GHP}"), [GHP], ["push with"]),
    "aws": (msg("key AKIAIOSFODNN7EXAMPLE used"), ["AKIAIOSFODNN7EXAMPLE"], ["used"]),
    "slack": (msg("x xoxb-123456789012-abcdefABCDEF y"), ["abcdefABCDEF"], ["y"]),
    "stripe": (msg("sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"), ["4eC39H"], []),
    "openai": (v("k", "'sk-proj-abcdefghijklmnop1234567890'"), ["abcdefghijklmnop"], []),
    "pem": (v("k", "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----"), ["MIIEow"], []),
    "pem cut off": (v("k", "-----BEGIN PRIVATE KEY-----\nMIIEow..."), ["MIIEow"], []),
    # JavaScript
    "js console": ({"breadcrumbs": [{"message": "login", "data": {"arguments": ["password", "x"]}}]}, [], ["login"]),
    "js fetch": ({"breadcrumbs": [{"data": {"url": "/api?sessionToken=abc123&x=1"}}]}, ["abc123"], ["x=1"]),
    "js object text": (
        exc('Request failed {"headers":{"Authorization":"Bearer abc.123"},"a":1}'),
        ["abc.123"],
        ['a\\":1'],
    ),
    "js inspect": (exc("{ user: 'bob', password: 'hunter2' }"), ["hunter2"], ["bob"]),
    "js undefined": (exc("Cannot read properties of undefined (reading 'token')"), [], ["(reading 'token')"]),
    # Java, Kotlin
    "java tostring": (exc("LoginRequest{user='bob', password='hunter2'}"), ["hunter2"], ["bob"]),
    "java record": (exc("LoginRequest[user=bob, password=hunter2]"), ["hunter2"], ["user=bob"]),
    "java jdbc": (exc("jdbc:mysql://db/x?user=a&password=hunter2"), ["hunter2"], ["user=a"]),
    "java property": (exc("spring.datasource.password=hunter2"), ["hunter2"], ["spring.datasource"]),
    "java headers": (exc('[Authorization:"Bearer abc123", Accept:"*/*"]'), ["abc123"], ["Accept"]),
    # Go
    "go struct": (exc("{Username:bob Password:hunter2}"), ["hunter2"], ["Username:bob"]),
    "go struct quoted": (exc('main.Login{Username:"bob", Password:"hunter2"}'), ["hunter2"], ["bob"]),
    "go map": (exc("map[password:hunter2 user:bob]"), ["hunter2"], ["user:bob"]),
    # PHP
    "php array": (exc("array ( 'password' => 'hunter2', 'user' => 'bob' )"), ["hunter2"], ["bob"]),
    "php print_r": (exc("Array\n(\n    [password] => hunter2\n    [user] => bob\n)"), ["hunter2"], ["bob"]),
    # Ruby
    "ruby hash": (exc('{:password=>"hunter2", "user"=>"bob"}'), ["hunter2"], ["bob"]),
    "ruby new hash": (exc('{password: "hunter2", user: "bob"}'), ["hunter2"], ["bob"]),
    # .NET
    "net connection": (
        exc("Server=db;User Id=sa;Password=hunter2;Encrypt=True"),
        ["hunter2"],
        ["Server=db", "Encrypt"],
    ),
    "net pwd": (exc("Server=db;Uid=sa;Pwd=hunter2;"), ["hunter2"], ["Uid=sa"]),
    "net record": (exc("Login { User = bob, Password = hunter2 }"), ["hunter2"], ["User = bob"]),
    "net storage": (exc("AccountName=x;AccountKey=abc123==;EndpointSuffix=y"), ["abc123"], ["EndpointSuffix"]),
    # SQL
    "sql identified": (msg("ALTER USER bob PASSWORD 'hunter2'"), ["hunter2"], ["ALTER USER bob"]),
    "sql insert parameters": (
        exc("(e) [SQL: INSERT INTO u (email, password, n) VALUES (?, ?, ?)]\n[parameters: ('bob', 'hunter2', 3)]"),
        ["hunter2"],
        ["INSERT INTO u", "'bob'", ", 3)]"],
    ),
    "sql insert rows": (
        exc('[SQL: INSERT INTO u (token, n) VALUES (%s, now())]\n[parameters: [("abc123",), ("def456",)]]'),
        ["abc123", "def456"],
        ["now()"],
    ),
    "sql insert expression": (
        exc("INSERT INTO a.u (id, n, password) VALUES (uuid(), $1, crypt($2, 'x')) args: [7, 'hunter2']"),
        ["hunter2"],
        ["[7, "],
    ),
    "sql update parameters": (
        exc("[SQL: UPDATE u SET name=?, password_hash=? WHERE id = ?]\n[parameters: ('bob', 'hunter2', 7)]"),
        ["hunter2"],
        ["'bob'", ", 7)"],
    ),
    "sql where parameters": (
        exc("[SQL: SELECT 1 FROM s WHERE s.token = $1 AND n = $2]\n[parameters: ('abc123', 5)]"),
        ["abc123"],
        [", 5)]"],
    ),
    "sql named parameters": (
        exc("[SQL: INSERT INTO u (password) VALUES (:password)]\n[parameters: {'password': 'hunter2', 'n': 1}]"),
        ["hunter2"],
        ["'n': 1"],
    ),
    "sql harmless parameters": (
        exc("[SQL: INSERT INTO u (email, n) VALUES (?, ?)] secret [parameters: ('bob', 5)]"),
        [],
        ["('bob', 5)"],
    ),
    "sql identified by": (msg("CREATE USER bob IDENTIFIED BY PASSWORD 'hunter2'"), ["hunter2"], ["CREATE USER"]),
}


@pytest.mark.parametrize("name", CASES)
def test_secrets_vanish_and_the_rest_stays_readable(name: str) -> None:
    payload, gone, kept = CASES[name]

    scrubbed = SCRUBBER.scrub(json.dumps(payload, separators=(",", ":")).encode())

    text = scrubbed.payload.decode()
    json.loads(text)
    assert [secret for secret in gone if secret in text] == []
    assert [word for word in kept if word not in text] == []
    assert bool(scrubbed.notes) == bool(gone)


@pytest.mark.parametrize("name", CASES)
def test_blanks_and_escapes_in_the_json_change_nothing(name: str) -> None:
    payload, gone, _ = CASES[name]
    spaced = json.dumps(payload, indent=1).encode()
    escaped = "".join(f"\\u{ord(c):04x}" if c.isalpha() and i % 2 else c for i, c in enumerate("password"))
    tricky = spaced.replace(b'"password"', f'"{escaped}"'.encode())

    for text in (spaced, tricky):
        left = SCRUBBER.scrub(text).payload.decode()
        assert [secret for secret in gone if secret in left] == []


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 190

"""The list of issues: search, sort, page on, and change several at once."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from urllib.parse import urlencode

from fastapi import Response

from naosu.domain.account import Role
from naosu.domain.errors import InvalidInputError, NotFoundError
from naosu.domain.issue_query import IssueQuery, IssueSort, QuerySyntaxError, parse_query
from naosu.domain.project import Project
from naosu.ports.store.issues import IssuePage
from naosu.web.i18n import mark
from naosu.web.shell import Screen, Visit, redirect, whole_number
from naosu.web.trends import sparks

PAGE_SIZE = 25
PICK_MAX = 500
DEFAULT_QUERY = "is:open"
TOTAL_MAX = 10_000
_NOTHING = IssuePage(issues=(), next_cursor=None, total=0)


def show(visit: Visit) -> Response:
    """Show the issues that match; a search that cannot be read is explained beside the field."""
    line = visit.parameter("query") if "query" in visit.request.query_params else DEFAULT_QUERY
    slug, sort = visit.parameter("project"), _sort_of(visit)
    projects = visit.context.store.list_projects()
    page, syntax, problem = _NOTHING, None, ""
    try:
        query = _query_of(visit, projects, line=line, slug=slug, sort=sort)
        sort = query.sort
        page = _find(visit, query)
    except QuerySyntaxError as error:
        syntax = error
    except InvalidInputError as error:
        problem = str(error)
    return visit.page(
        "issues/issues.html",
        section="issues",
        line=line,
        slug=slug,
        sort=sort,
        projects=projects,
        page=page,
        total_max=TOTAL_MAX,
        syntax=syntax,
        expected=say_syntax(visit, syntax.expected) if syntax else "",
        found=say_syntax(visit, syntax.found) if syntax else "",
        problem=problem,
        sparks=sparks(visit, page.issues),
        sorts=tuple(IssueSort),
        tabs=("is:open", "is:regressed", "is:open is:new", "is:muted", "is:resolved", ""),
        link=_linker(line=line, project=slug, sort=sort),
        cursor=visit.parameter("cursor"),
    )


_SYNTAX_WORDS = (
    mark("a value"),
    mark("a word"),
    mark("a field without “!”"),
    mark("a period such as -1h"),
    mark("users of one kind"),
    mark("a NUL character"),
    mark("the end of the line, after 1,000 characters"),
    mark("the end of the line, after 30 terms"),
    mark("a value of the list"),
    mark('a closing “"”'),
    mark("“,” or “]”"),
    mark("a space"),
    mark("the end of the line"),
)
_CHOICE = "one of "


def say_syntax(visit: Visit, phrase: str) -> str:
    """Return what the parser expected or found, in the visitor's language; quoted text stays as it is."""
    if phrase.startswith(_CHOICE):
        return visit.text("one of %(names)s", names=phrase.removeprefix(_CHOICE))
    return visit.text(phrase) if phrase in _SYNTAX_WORDS else phrase


def _sort_of(visit: Visit) -> IssueSort:
    name = visit.parameter("sort")
    return IssueSort(name) if name in set(IssueSort) else IssueSort.LAST_SEEN


def _query_of(visit: Visit, projects: Sequence[Project], *, line: str, slug: str, sort: IssueSort) -> IssueQuery:
    """Return what to look for; what the line says beats the fields beside it. Raises InvalidInputError."""

    def id_of(name: str) -> int:
        found = next((project.id for project in projects if name in (project.slug, str(project.id))), None)
        if found is None:
            raise InvalidInputError(visit.text("There is no such project."))
        return found

    project_ids = (id_of(slug),) if slug else ()
    return parse_query(line, now=visit.times.now, project_id_of=id_of, project_ids=project_ids, sort=sort)


def _find(visit: Visit, query: IssueQuery) -> IssuePage:
    return visit.context.store.find_issues(
        query, now=visit.times.now, limit=PAGE_SIZE, cursor=visit.parameter("cursor") or None, total_max=TOTAL_MAX
    )


def _linker(*, line: str, project: str, sort: str) -> Callable[..., str]:
    """Return what makes links to this list with one thing changed."""
    present = {"query": line, "project": project, "sort": sort}

    def link(**changed: str) -> str:
        pairs = {**present, **changed}
        return "/issues?" + urlencode({name: text for name, text in pairs.items() if text or name == "query"}, safe=":")

    return link


def change(visit: Visit) -> Response:
    """Do to all picked issues what the pressed button says, and return to the list."""
    target = visit.field("next") or "/issues"
    ids = [whole_number(text) for text in visit.field_list("issue")[:PICK_MAX]]
    if not ids:
        return redirect(target, flash="nothing_picked")
    action = visit.field("action")
    if action == "merge":
        return _merge(visit, ids, target)
    done = ""
    for issue_id in dict.fromkeys(visit.context.store.get_issue(one).id for one in ids):
        done = _apply(visit, action, issue_id)
    return redirect(target, flash=done)


def _apply(visit: Visit, action: str, issue_id: int) -> str:
    store, now = visit.context.store, visit.times.now
    if action == "resolve":
        store.resolve_issue(issue_id, now=now)
        return "resolved"
    if action == "mute":
        store.mute_issue(issue_id, until=now + timedelta(days=1), more_events=None)
        return "muted"
    if action == "open":
        store.open_issue(issue_id)
        return "opened"
    raise NotFoundError("There is no such action.")


def _merge(visit: Visit, ids: list[int], target: str) -> Response:
    """Merge into the oldest of the picked ones: its id is the one that people know."""
    issues = list({one.id: one for one in map(visit.context.store.get_issue, ids)}.values())
    if len(issues) < 2 or len({issue.project_id for issue in issues}) != 1:  # noqa: PLR2004 - two make a merge
        return redirect(target, flash="merge_needs_two")
    oldest = min(issues, key=lambda issue: issue.first_seen_at)
    merged = visit.context.store.merge_issues(oldest.id, [issue.id for issue in issues if issue.id != oldest.id])
    return redirect(f"/issues/{merged.short_id}", flash="merged")


SCREENS = (
    Screen(path="/issues", handler=show),
    Screen(method="POST", path="/issues", handler=change, role=Role.OPERATOR),
)

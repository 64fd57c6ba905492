"""Query parameters that a route does not know are refused: a filter that is ignored silently shows the wrong list."""

from fastapi import Request, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute

from naosu.domain.errors import InvalidInputError


class UnknownParameterError(InvalidInputError):
    """A query parameter that the route does not know. Not retryable as it is."""

    code = "request.unknown_parameter"


def declared_parameters(route: APIRoute) -> frozenset[str]:
    """Return the names that a route takes in its query, those of its dependencies included."""
    return frozenset(one.alias for one in get_flat_params(route.dependant) if isinstance(one.field_info, params.Query))


async def refuse_unknown_parameters(request: Request) -> None:
    """Pass only what the route knows. Raises UnknownParameterError naming the first that it does not."""
    route = request.scope.get("route")
    if not request.query_params or not isinstance(route, APIRoute):
        return
    known = declared_parameters(route)
    if unknown := [name for name in request.query_params if name not in known]:
        mend = f"It takes {', '.join(sorted(known))}." if known else "It takes none."
        raise UnknownParameterError(f"There is no query parameter {unknown[0][:100]!r} here.", mend=mend)

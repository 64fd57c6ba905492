from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route


async def f(request):
    form = await request.form()
    raw = await request.body()
    return JSONResponse({"fields": sorted(form), "size": len(raw)})


app = Starlette(routes=[Route("/f", f, methods=["POST"])])

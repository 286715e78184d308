"""The interactive API docs at /docs, from files of our own: clinics' networks often reach no CDN.

Swagger UI 5.35.0 (package `swagger-ui-dist`), unchanged, Apache-2.0: see LICENSE and NOTICE beside it.
Vendored rather than taken from a Python wrapper, because those are somebody's copies of what a CDN showed.
"""

from pathlib import Path

from fastapi import APIRouter, FastAPI
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

ASSETS = "/docs/assets"
SHOWN = ("swagger-ui-bundle.js", "swagger-ui.css", "start.js")
SECURITY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PAGE = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Routiq API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{ASSETS}/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="{ASSETS}/swagger-ui-bundle.js"></script>
<script src="{ASSETS}/start.js"></script>
</body>
</html>
"""

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def page() -> HTMLResponse:
    return HTMLResponse(PAGE, headers={"Content-Security-Policy": SECURITY})


class Assets(StaticFiles):
    """Only the files the page names: the folder also holds this module."""

    def lookup_path(self, path: str) -> tuple[str, object]:  # type: ignore[override]
        return super().lookup_path(path) if path in SHOWN else ("", None)


def install_docs(app: FastAPI) -> None:
    app.include_router(router)
    app.mount(ASSETS, Assets(directory=Path(__file__).parent), name="docs-assets")

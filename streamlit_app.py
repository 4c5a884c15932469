"""Quorum as a web application: the pages, and the few routes that a page cannot be.

`streamlit run streamlit_app.py` serves `app` as it is.
"""

import logging
import re
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import quote

import streamlit as st
from google.protobuf.message import DecodeError
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

from components.session import BROWSER_COOKIE, COOKIE
from quorum.store import StoreError, door
from quorum.store.accounts import SESSION_DAYS
from quorum.store.migrate import SchemaMismatch

log = logging.getLogger("quorum.app")

# Some hosts of apps take settings as secrets alone: lines of secrets.toml outside a section become
# environment, and the store is looked for there before Streamlit would read them.
st.secrets.load_if_toml_exists()

# Nothing may be fetched from elsewhere. Streamlit's page needs inline styles and scripts; the map
# draws in a worker that it makes from a blob.
POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' ws: wss: data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Guard:
    """Adds the security headers, and gives each browser the random cookie that ties a sign-in code
    to it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        known = BROWSER_COOKIE in request.cookies

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if not known and headers.get("content-type", "").startswith("text/html"):
                    headers.append("set-cookie", _browser_cookie(request))
            await send(message)

        await self.app(scope, receive, guarded)


# What a press of a button is called in a browser's message.
PRESSES = {"trigger_value", "string_trigger_value", "json_trigger_value", "chat_input_value"}


class OnePress:
    """Sees to it that a press of a button counts once.

    A browser keeps a press for the moment until it is sent. When a timer of the page comes due just
    then, as it does on a busy machine, its look takes the press along, and Streamlit would act on
    both messages: two questions further instead of one. The press always follows by itself, so a
    look goes without it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def received() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive" and message.get("bytes"):
                return {**message, "bytes": without_presses(message["bytes"])}
            return message

        await self.app(scope, received if scope["type"] == "websocket" else receive, send)


def without_presses(sent: bytes) -> bytes:
    """A browser's message as it is, but a timer's look without the presses in it."""
    message = BackMsg()
    try:
        message.ParseFromString(sent)
    except DecodeError:
        return sent  # Streamlit's to refuse
    if not message.rerun_script.is_auto_rerun:
        return sent
    widgets = message.rerun_script.widget_states.widgets
    kept = [one for one in widgets if one.WhichOneof("value") not in PRESSES]
    if len(kept) == len(widgets):
        return sent
    del widgets[:]
    widgets.extend(kept)
    return bytes(message.SerializeToString())


def _browser_cookie(request: Request) -> str:
    response = Response()
    response.set_cookie(
        BROWSER_COOKIE, secrets.token_urlsafe(32), httponly=True, samesite="strict",
        secure=_is_tls(request), path="/", max_age=400 * 24 * 3600,
    )  # fmt: skip
    return response.headers["set-cookie"]


def _is_tls(request: Request) -> bool:
    """Behind a proxy the browser's own scheme stands in its header."""
    return request.headers.get("x-forwarded-proto", request.url.scheme) == "https"


def open_session(request: Request) -> Response:
    """Swaps a one-time code for the session cookie and goes back to the page."""
    try:
        token = door.accounts().open_session(
            request.path_params["code"], request.cookies.get(BROWSER_COOKIE, "")
        )
    except (StoreError, SchemaMismatch) as reason:
        # The page that follows asks the store as well, and shows why it does not answer.
        log.warning("no session was opened: %s", reason)
        token = None
    response = RedirectResponse(local_path(request.query_params.get("to", "")), status_code=303)
    if token is not None:
        response.set_cookie(
            COOKIE, token, max_age=SESSION_DAYS * 24 * 3600, httponly=True, samesite="strict",
            secure=_is_tls(request), path="/",
        )  # fmt: skip
    return response


def end_session(request: Request) -> Response:
    """Takes the cookie away. The session itself was closed by the page."""
    response = RedirectResponse("/", status_code=303)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", path="/")
    for name in request.cookies:
        # What the organisation's identity provider said would sign in the next person here.
        if name.startswith("_streamlit_user"):
            response.delete_cookie(name, httponly=True, path="/")
    return response


def local_path(to: str) -> str:
    """A page of this app, whatever was asked for."""
    name, _, query = to.partition("?")
    if not re.fullmatch(r"[a-z_]*", name):
        return "/"
    # What the page was asked to show is encoded already.
    return f"/{name}" + (f"?{quote(query, safe='=&%+-._~')}" if query else "")


def first_page(request: Request) -> Response:
    """To Streamlit the first page has no name: asked for by it, it would be missing."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/{query}", status_code=303)


def health(request: Request) -> Response:
    """For a supervisor or proxy, and so for anybody: whether the app answers and reaches its store.
    Why it does not stands in the log: that sentence may name folders and addresses."""
    try:
        empty = door.accounts().is_empty()
    except (StoreError, SchemaMismatch) as reason:
        log.warning("the store cannot be used: %s", reason)
        return JSONResponse({"status": "unavailable"}, status_code=503)
    return JSONResponse({"status": "ok", "empty": empty})


app: Any = st.App(
    "components/shell.py",
    routes=[
        Route("/session/end", end_session),
        Route("/session/{code}", open_session),
        Route("/healthz", health),
        Route("/overview", first_page),
        # Streamlit would look beside the shell. Public files only: no sign-in stands before them.
        Mount("/app/static", StaticFiles(directory=Path(__file__).parent / "static")),
    ],
    middleware=[Middleware(Guard), Middleware(OnePress)],
)

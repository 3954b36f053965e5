"""A web server on the loopback that answers as publishers do, on good days and on bad ones."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from research.loaders.pull.polite import Limits, Timer


class Clock(Timer):
    """Time that passes only when somebody waits or the test says so."""

    def __init__(self, start="2026-09-26T12:00:00+00:00"):
        self.instant = dt.datetime.fromisoformat(start)
        self.waited = []

    def now(self):
        return self.instant

    def monotonic(self):
        return self.instant.timestamp()

    def sleep(self, seconds):
        self.waited.append(seconds)
        self.instant += dt.timedelta(seconds=seconds)


QUICK = Limits(connect=2.0, read=2.0, deadline=5.0, largest=1_000_000, attempts=4, pace=0.0)


class Request:
    """One request as the server saw it, and what may be answered."""

    def __init__(self, handler):
        self.path = handler.path
        self.headers = {name.lower(): value for name, value in handler.headers.items()}
        self._handler = handler

    def reply(self, status=200, body=b"", *, length=True, **headers):
        """Answer whole; headers with underscores for dashes."""
        handler = self._handler
        handler.send_response_only(status)
        if length:
            headers.setdefault("content_length", str(len(body)))
        # Unsaid, a client would sometimes ask again over the connection that is about to be closed.
        headers.setdefault("connection", "close")
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    def write(self, raw):
        """Send bytes as they are."""
        self._handler.wfile.write(raw)
        self._handler.wfile.flush()


class Site:
    """Where the server is, what it answers, what it was asked."""

    def __init__(self, port):
        self.host = f"127.0.0.1:{port}"
        self.root = f"http://{self.host}"
        self.answers: dict[str, Callable | list] = {}
        self.asked = []

    def answer(self, path, *answers):
        """Answer a path with a function of the request; of several, one after the other, the last for ever."""
        self.answers[path] = list(answers)

    def handle(self, request):
        path = request.path.partition("?")[0]
        self.asked.append(request)
        queue = self.answers.get(path)
        if queue is None:
            request.reply(404, b"<html><title>Not here</title></html>", content_type="text/html")
            return
        (queue.pop(0) if len(queue) > 1 else queue[0])(request)


@contextmanager
def serving():
    """Yield a site; its server is gone afterwards."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.close_connection = True
            with suppress(OSError):  # the client had enough
                site.handle(Request(self))

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site = Site(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def text(body, **headers):
    """Return an answer of plain CSV."""
    body = body if isinstance(body, bytes) else body.encode()
    return lambda request: request.reply(200, body, **{"content_type": "text/csv", **headers})

"""Serves the page of a recording, and its traces, to a browser."""

from __future__ import annotations

from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from genelab.profiling.page import profile_page
from genelab.profiling.recording import RecordedProfile
from genelab.utils.errors import GenelabError, UsageError


class ProfileServer(ThreadingHTTPServer):
    """Answers `/` with the page and `/<name of a trace>` with the trace; nothing else of the disk can be reached.

    Args:
        recorded: What to show.
        host: Address to listen at.
        port: Port; 0 takes any free one.

    Raises:
        GenelabError: if the address cannot be taken.
        UsageError: for a port that is taken.
    """

    daemon_threads = True

    def __init__(self, recorded: RecordedProfile, host: str, port: int) -> None:
        self.page = profile_page(recorded)
        self.traces = {trace.name: trace for trace in recorded.traces}
        try:
            super().__init__((host, port), _Handler)
        except OSError as error:
            kind = UsageError if port else GenelabError
            raise kind(
                f"cannot listen at {host}:{port}: {error.strerror or error}",
                where="--host, --port",
                fix="give another --port, or none for any free one",
            ) from error

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host if isinstance(host, str) else host.decode()}:{port}/"


class _Handler(BaseHTTPRequestHandler):
    server: ProfileServer

    def do_GET(self) -> None:
        name = unquote(self.path).removeprefix("/")
        if not name:
            self._answer(self.server.page.encode(), "text/html; charset=utf-8")
        elif name in self.server.traces:
            self._send_trace(self.server.traces[name])
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the terminal quiet."""

    def _send_trace(self, path: Path) -> None:
        kind = "application/gzip" if path.suffix == ".gz" else "application/json"
        self._answer(path.read_bytes(), kind)

    def _answer(self, content: bytes, kind: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

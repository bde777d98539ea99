"""A customer's web site on a port of its own: it serves pages and our scripts, and hears what a page sends to /t/."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.e2e.stage import ROOT


class CustomerSite:
    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.heard: list[dict[str, Any]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                if path.startswith("/static/"):
                    return self._say((ROOT / path[1:]).read_bytes(), "text/javascript")
                page = site.pages.get(path)
                return self._say((page or "").encode(), "text/html; charset=utf-8", 200 if page else 404)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                site.heard.append({**json.loads(body), "type": self.headers.get("Content-Type", "")})
                self._say(b"", "text/plain", 204)

            def _say(self, body: bytes, kind: str, status: int = 200) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def page(self, path: str, body: str, title: str = "A page") -> str:
        """Put up a page; its address."""
        self.pages[path] = f"<!DOCTYPE html><html lang=en><title>{title}</title><body>{body}</body></html>"
        return self.origin + path

    @property
    def events(self) -> list[str]:
        return [event["n"] for batch in self.heard for event in batch["e"]]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

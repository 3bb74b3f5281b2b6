"""A server that answers a home as Prefect's does."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from flows.serve.look import ADDRESS_FILE, WORD_FILE


@contextmanager
def prefect_answering(home: Path, answer: Callable[[str, dict[str, Any]], object]) -> Iterator[list[str]]:
    """Inside, `home` finds a server that says what `answer` makes of path and body; yields the words that opened it."""
    sent: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent.append(self.headers["Authorization"])
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps(answer(self.path, asked)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    (home / ADDRESS_FILE).write_text(f"http://127.0.0.1:{server.server_port}/api\n")
    (home / WORD_FILE).write_text("aftershock:word\n")
    yield sent
    server.shutdown()
    server.server_close()

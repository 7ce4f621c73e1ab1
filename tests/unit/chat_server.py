"""An endpoint for chat completions that says what a test wants it to say."""

from __future__ import annotations

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMAND = "grasp(0.1, 0.2, 0.3)"


def completion(content=COMMAND, usage=True, **message):
    body = {"choices": [{"index": 0, "message": {"role": "assistant", "content": content, **message}}]}
    return body | ({"usage": {"prompt_tokens": 900, "completion_tokens": 20, "total_tokens": 920}} if usage else {})


def fault(message, **fields):
    return {"error": {"message": message, **fields}}


class Server(ThreadingHTTPServer):
    """Gives its answers in order, the last one for ever; an answer is (status, body, headers) or a function."""

    daemon_threads = True

    def __init__(self, answers):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.requests, self.times_s, self.headers = list(answers), [], [], []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        server = self.server
        server.times_s.append(time.monotonic())
        server.headers.append(self.headers)
        server.requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        answer = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
        if callable(answer):
            answer(self)
        else:
            self.send(*answer)

    def send(self, status, body, headers=()):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **dict(headers)}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass

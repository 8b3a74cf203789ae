"""A toy set, an own home and a loopback server for the tests of the data room."""

import hashlib
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import sleep

import numpy as np
import pytest

from annlab.data.entry import Array, Entry, File
from annlab.data.registry import ENTRIES

CONTENT = np.arange(2_000, dtype="<f8").tobytes()


class Server:
    """Files over HTTP on loopback: `answers` maps a path to (status, bytes), `hits` counts requests."""

    def __init__(self):
        self.answers, self.hits, self.delay = {}, Counter(), 0.0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.hits[self.path] += 1
                sleep(outer.delay)
                answers = outer.answers.get(self.path, [(404, b"")])
                status, content = answers.pop(0) if len(answers) > 1 else answers[0]
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()

    def serve(self, path, *answers):
        """Address of `path`, which answers each of `answers` in turn and the last one from then on."""
        self.answers[path] = [answer if isinstance(answer, tuple) else (200, answer) for answer in answers]
        return f"http://127.0.0.1:{self.http.server_port}{path}"

    def close(self):
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    running = Server()
    yield running
    running.close()


@pytest.fixture(autouse=True)
def home(fresh_home, monkeypatch):
    """An own home, no folder of the user's, and the network allowed (the toy set's addresses are on loopback)."""
    monkeypatch.delenv("ANNLAB_DATA_DIR", raising=False)
    monkeypatch.delenv("ANNLAB_OFFLINE", raising=False)
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # pooch waits before it tries again
    return fresh_home


@pytest.fixture
def content():
    return CONTENT


@pytest.fixture
def toy(monkeypatch):
    """Registers a one-file set ``toy`` with the given addresses and returns its entry."""

    def register(*sources, read=read_toy, version=1):
        file = File("toy.bin", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), sources)
        entry = Entry(
            name="toy",
            title="Toy",
            task="regression",
            arrays={"X": Array((1_000, 2), "float64", "numbers")},
            units="none",
            source="none",
            citation="none",
            licence="none",
            version=version,
            folder="toys",
            files=(file,),
            read=read,
        )
        monkeypatch.setitem(ENTRIES, "toy", entry)
        return entry

    return register


def read_toy(contents):
    return {"X": np.frombuffer(contents["toy.bin"], dtype="<f8").reshape(1_000, 2)}

"""The load generator, a process of its own: reads posts, sends them from many threads, writes how long each took.

Input and output are JSON on the standard streams: {"port", "clients", "posts": [[path, body], …]} and
{"times": [ms, …], "took": seconds from the first request to the last answer, "statuses": {status: n}, "pages":
{status: n}}. With "within" the posts begin at even distances over so many seconds, whether earlier ones were answered
or not, and each is timed from when it was due. With "follow" the page that a post leads to is asked for too. A status
from 400 is an error without "tolerate".
"""

import http.client
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any


class Load:
    """What is to be sent, and what came of it."""

    def __init__(self, work: dict[str, Any]) -> None:
        self.port, self.clients, self.posts = work["port"], work["clients"], work["posts"]
        self.within, self.follows = work.get("within", 0.0), work.get("follow", False)
        self.times: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.pages: Counter[int] = Counter()
        self.errors: list[str] = []
        self.lock = threading.Lock()
        self.next = iter(range(len(self.posts)))
        self.begun = self.took = 0.0

    def run(self) -> None:
        threads = [threading.Thread(target=self._client, args=(number,)) for number in range(self.clients)]
        self.begun = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.took = time.monotonic() - self.begun

    def _client(self, number: int) -> None:
        server = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        for turn, place in enumerate(self._places(number)):
            path, body = self.posts[place]
            start = time.monotonic()
            if self.within:
                due = self.begun + self.within * place / len(self.posts)
                time.sleep(max(0.0, due - start))
                start = due
            headers = {
                "Origin": f"http://127.0.0.1:{self.port}",
                "Host": f"127.0.0.1:{self.port}",
                "X-Forwarded-For": f"10.{number // 250 + turn // 250 * 10}.{number % 250}.{turn % 250}",
            }
            form = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
            status, location, text = self._ask(server, "POST", path, body, form)
            with self.lock:
                self.times.append((time.monotonic() - start) * 1000)
                self.statuses[status] += 1
                if status >= 400:
                    self.errors.append(f"{status} {path} {text[:3000]!r}")
            if self.follows and location:
                status, _location, _text = self._ask(server, "GET", location, None, headers)
                with self.lock:
                    self.pages[status] += 1
            if not self.within:
                server.close()  # the next person has a connection of his or her own
        server.close()

    def _places(self, number: int) -> Iterable[int]:
        """Yield the posts of one client: the next that nobody has taken, or in turn where they are due at set times."""
        if self.within:
            yield from range(number, len(self.posts), self.clients)
            return
        while (place := next(self.next, None)) is not None:
            yield place

    def _ask(
        self,
        server: http.client.HTTPConnection,
        method: str,
        path: str,
        body: str | None,
        headers: dict[str, str],
    ) -> tuple[int, str, bytes]:
        """Return status, Location and body; status 0 where the connection broke.

        As browsers do, repeat the request if the server had closed a connection that was kept (RFC 9112 §9.3.1).
        """
        was_kept = server.sock is not None
        try:
            server.request(method, path, body, headers)
            answer = server.getresponse()
            return answer.status, answer.headers.get("Location", ""), answer.read()
        except (OSError, http.client.HTTPException) as error:
            server.close()
            if was_kept and isinstance(error, ConnectionError):
                return self._ask(server, method, path, body, headers)
            with self.lock:
                self.errors.append(f"{method} {path} {error!r}")
            return 0, "", b""


def main() -> None:
    """Read the posts, send them, write what came of them."""
    work = json.load(sys.stdin)
    load = Load(work)
    load.run()
    if load.errors and not work.get("tolerate"):
        sys.exit(f"{len(load.errors)} requests were refused; the first: {load.errors[0]}")
    found = {"times": load.times, "took": load.took, "statuses": load.statuses, "pages": load.pages}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()

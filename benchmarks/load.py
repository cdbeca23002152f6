"""The load generator, a process of its own: reads posts, sends them from many threads, writes how long each took.

Input and output are JSON on the standard streams: {"port", "clients", "posts": [[path, body], …]} and [ms, …].
"""

import http.client
import json
import sys
import threading
import time


def _client(
    port: int, posts: list[tuple[str, str]], times: list[float], errors: list[str], number: int
) -> None:
    server = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for place, (path, body) in enumerate(posts):
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": f"http://127.0.0.1:{port}",
            "Host": f"127.0.0.1:{port}",
            "X-Forwarded-For": f"10.{number}.{place // 250}.{place % 250}",
        }
        start = time.monotonic()
        server.request("POST", path, body, headers)
        answer = server.getresponse()
        text = answer.read()
        times.append((time.monotonic() - start) * 1000)
        if answer.status >= 400:
            errors.append(f"{answer.status} {path} {text[:3000]!r}")
    server.close()


def main() -> None:
    """The load generator: reads the posts, sends them, writes how long each took."""
    work = json.load(sys.stdin)
    posts = [(path, body) for path, body in work["posts"]]
    times: list[float] = []
    errors: list[str] = []
    threads = [
        threading.Thread(target=_client, args=(work["port"], posts[n :: work["clients"]], times, errors, n))
        for n in range(work["clients"])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        sys.exit(f"{len(errors)} posts were refused; the first: {errors[0]}")
    json.dump(times, sys.stdout)


if __name__ == "__main__":
    main()

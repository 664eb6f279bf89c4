#!/usr/bin/env python3
"""A program that cannot be changed: it knows one address for ever, keeps its connections open, and has never heard of Zurg."""
import http.client, sys, threading, time

THREADS = 4
counts = {"answered": 0, "failed": 0}
lock = threading.Lock()


def call(connection):
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        text = answer.read().decode()
        return "answered" if answer.status == 200 else f"{answer.status} {text.strip()}"
    except (OSError, http.client.HTTPException) as e:
        connection.close()
        return f"{type(e).__name__}: {e}"


def run(host, port):
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    while True:
        word = call(connection)
        with lock:
            counts["answered" if word == "answered" else "failed"] += 1
        if word != "answered":
            print(word, file=sys.stderr, flush=True)
        time.sleep(0.005)


for _ in range(THREADS):
    threading.Thread(target=run, args=sys.argv[1].split(":"), daemon=True).start()
while True:
    time.sleep(1)
    with lock:
        print(f"{counts['answered']} answered, {counts['failed']} failed", flush=True)

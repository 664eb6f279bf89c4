#!/usr/bin/env python3
"""A service that uses another one: each request is one to a ready instance of greeter."""
import http.client, os, web, zurg

greeter = zurg.Service("greeter")


def ask(path):
    with greeter.endpoint() as (host, port):
        connection = http.client.HTTPConnection(host, port, timeout=10)
        try:
            connection.request("GET", path, headers={"Connection": "close"})
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
    if answer.status != 200:
        raise OSError(f"{host}:{port} answered {answer.status}")
    return f"{os.environ['ZURG_INSTANCE']} heard: {text}"


web.serve(ask)

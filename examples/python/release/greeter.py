#!/usr/bin/env python3
"""A service that others use."""
import os, time, web


def greet(path):
    time.sleep(0.005)  # some work
    return f"{os.environ.get('GREETING', 'Hello')} from {os.environ['ZURG_INSTANCE']}\n"


web.serve(greet)

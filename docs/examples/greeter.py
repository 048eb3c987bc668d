#!/usr/bin/env python3
"""Greets everyone whose name it is told.

wsinetd --port 8080 docs/examples/greeter.py
"""
import sys

# Messages are UTF-8, whatever the locale. line_buffering: into a pipe, Python would keep 8 KiB back before it writes.
sys.stdin.reconfigure(encoding="utf-8", errors="replace")
sys.stdout.reconfigure(encoding="utf-8", line_buffering=True)

for line in sys.stdin:
    print(f"Hello, {line.rstrip(chr(10))}!")

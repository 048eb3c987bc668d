#!/bin/bash
# Shows a client the environment its command has, one variable a message, sorted.
#
#   wsinetd --port 8080 docs/examples/dump-env.sh
#   docs/examples/client.pl 'ws://localhost:8080/some/path?colour=blue'
set -u

# With -0 and tr, a variable whose value has several lines stays one message.
env -0 | sort -z | tr '\n\0' ' \n'

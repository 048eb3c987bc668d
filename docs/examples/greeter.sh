#!/bin/bash
# Greets everyone whose name it is told, and says goodbye when the client leaves.
#
#   wsinetd --port 8080 docs/examples/greeter.sh
set -u

# IFS= and -r: the line as it came, blanks and backslashes included.
while IFS= read -r name; do
    printf 'Hello, %s!\n' "$name"
done
# Here stdin has ended, so the client is gone: this line is for the server's log.
printf 'goodbye, %s\n' "${REMOTE_ADDR:-whoever you were}" >&2

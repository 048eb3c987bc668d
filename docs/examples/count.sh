#!/bin/bash
# Counts from 1 to 10, or to the number given, one a second.
#
#   wsinetd --port 8080 docs/examples/count.sh
#   wsinetd --port 8080 docs/examples/count.sh 3
set -u

for ((n = 1; n <= ${1:-10}; n++)); do
    ((n > 1)) && sleep 1
    echo "$n"
done

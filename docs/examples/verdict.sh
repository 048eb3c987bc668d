#!/bin/bash
# Ends with the exit status it is asked for, which the client sees as its close code: 4000 more, with a reason.
# 0 becomes 1000, the code of a normal end.
#
#   wsinetd --port 8080 docs/examples/verdict.sh
#
# Send 0, 3 or KILL, and see 1000, "4003 exit status 3" or "4137 killed by SIGKILL".
set -u

echo 'With which exit status (0 to 255) or signal (TERM, KILL, ...) shall I end?'
IFS= read -r answer || exit 0
case $answer in
'' | *[!0-9A-Z]*) echo 'That is neither.' && exit 2 ;;
*[!0-9]*) kill -s "$answer" $$ ;;
*) exit "$answer" ;;
esac
# Only reached when there is no such signal, or one that is ignored.
exit 2

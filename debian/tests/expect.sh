# What the tests here say of what they see. To be read by sh, with $here set.

fail() {
    echo "FAILED: $*"
    exit 1
}

# expect TEXT COMMAND...: the command prints TEXT, and nothing else.
expect() {
    want=$1
    shift
    got=$("$@") || true
    [ "$got" = "$want" ] || fail "$*
expected: $want
     got: $got"
    echo "ok: $*"
}

# wait_until COMMAND...: it succeeds, half a minute from now at the latest.
wait_until() {
    for _ in $(seq 300); do
        ! "$@" >/dev/null 2>&1 || return 0
        sleep 0.1
    done
    fail "never so: $*"
}

# status_of URL: what is answered to a plain request.
status_of() {
    python3 -c 'import sys, urllib.request, urllib.error
try:
    print(urllib.request.urlopen(sys.argv[1]).status)
except urllib.error.HTTPError as error:
    print(error.code)' "$1"
}

# property NAME UNIT
property() {
    systemctl show --value -p "$1" "$2"
}

# runs TEXT: some process has TEXT in its command line. Nothing here has it in its own, so no grep.
runs() {
    command_lines=$(cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ')
    case $command_lines in
    *"$1"*) ;;
    *) return 1 ;;
    esac
}

#!/usr/bin/env bash
# Runs a command beside a PostgreSQL of its own, and leaves nothing behind.
#
#   tests/with-postgres.sh COMMAND [ARGUMENT…]   the command finds the server's address in ENVOI_TEST_POSTGRES_URL
#   tests/with-postgres.sh --durable COMMAND …   the same, with commits that wait for the disk, to measure
#   tests/with-postgres.sh --bindir              prints the folder of the newest server binaries, 14 or newer
#
# The server lives in a temporary folder, on a free port of 127.0.0.1, as an ordinary user (initdb refuses root). It is
# stopped and its folder removed when the command ends, fails, or is interrupted. The command's exit code is ours.
set -euo pipefail

oldest_version=14
# Tests run in parallel, each with a pool of its own.
max_connections=300

fail() {
    printf 'with-postgres: %s\n' "$*" >&2
    exit 1
}

# Prints the version number and the folder of each server found.
find_servers() {
    local bindir version
    for bindir in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin \
        "$(dirname "$(command -v postgres || echo /nowhere/postgres)")" "$(pg_config --bindir 2>/dev/null || true)"; do
        [ -x "$bindir/postgres" ] && [ -x "$bindir/initdb" ] && [ -x "$bindir/pg_ctl" ] || continue
        version="$("$bindir/postgres" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')"
        [ "$version" -ge "$oldest_version" ] && printf '%s %s\n' "$version" "$bindir"
    done
    return 0
}

newest_server() {
    local found
    found="$(find_servers | sort -n | tail -n 1)"
    [ -n "$found" ] || fail "no PostgreSQL server of version $oldest_version or newer: run make setup"
    printf '%s\n' "${found#* }"
}

[ $# -ge 1 ] || fail "usage: with-postgres.sh [--durable] COMMAND [ARGUMENT…]"
# Durability is off: these data live for minutes. It changes nothing that a test can see.
durability="-c fsync=off -c full_page_writes=off -c synchronous_commit=off"
if [ "$1" = "--durable" ]; then
    durability=""
    shift
    [ $# -ge 1 ] || fail "usage: with-postgres.sh [--durable] COMMAND [ARGUMENT…]"
fi
bindir="$(newest_server)"
if [ "$1" = "--bindir" ]; then
    printf '%s\n' "$bindir"
    exit 0
fi

# Who runs the server: ourselves, or an ordinary user when we are root.
as_server=()
folder="$(mktemp -d /tmp/envoi-pg.XXXXXX)"
if [ "$(id -u)" -eq 0 ]; then
    server_user=nobody
    id -u postgres >/dev/null 2>&1 && server_user=postgres
    chown "$server_user" "$folder"
    as_server=(runuser -u "$server_user" --)
fi

child=""
clean_up() {
    trap '' INT TERM HUP
    if [ -n "$child" ]; then kill -TERM -- "-$child" 2>/dev/null || true; fi
    if [ -f "$folder/data/postmaster.pid" ]; then
        in_folder "$bindir/pg_ctl" --pgdata="$folder/data" --mode=immediate --wait --silent stop || true
    fi
    rm -rf "$folder"
}

# The server's user may not enter the folder we stand in.
in_folder() {
    (cd "$folder" && "${as_server[@]}" "$@")
}

trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Under the collation of a French server, not the byte order of SQLite: what relies on byte order must say so.
initialise() {
    in_folder "$bindir/initdb" --pgdata="$folder/data" --username=envoi --auth=trust --encoding=UTF8 --no-sync "$@" >"$folder/initdb.log" 2>&1
}
initialise --locale=C --locale-provider=icu --icu-locale=fr || { rm -rf "$folder/data" && initialise --locale=C; } || {
    cat "$folder/initdb.log" >&2
    fail "initdb failed"
}

start() {
    in_folder "$bindir/pg_ctl" --pgdata="$folder/data" --log="$folder/server.log" --wait --silent --timeout=60 start -o "\
        -c listen_addresses=127.0.0.1 -c port=$1 -c unix_socket_directories=$folder -c max_connections=$max_connections \
        $durability"
}

# A free port can only be tried: another program may take it between the look and the start.
port=""
for _ in 1 2 3 4 5 6 7 8 9 10; do
    candidate=$((20000 + RANDOM % 10000))
    (exec 3<>"/dev/tcp/127.0.0.1/$candidate") 2>/dev/null && continue
    if start "$candidate" >/dev/null 2>&1; then
        port="$candidate"
        break
    fi
done
[ -n "$port" ] || {
    cat "$folder/server.log" >&2
    fail "the server did not start"
}
# The server asks for no password; the address has one, which must never be told.
export ENVOI_TEST_POSTGRES_URL="postgres://envoi:never-to-be-told@127.0.0.1:$port/postgres"

# In a process group of its own, so that an interruption reaches all that the command started.
set -m
"$@" <&0 &
child=$!
set +m
status=0
wait "$child" || status=$?
child=""
exit "$status"

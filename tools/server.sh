# Sourced by scripts that need a server of their own: start_server [OPTION...] sets server_pid and server_url; stop_server ends it
# in order and returns its exit status. The log is in $server_log, shown when things go wrong.

spectate=${SPECTATE_BIN:-build/spectate}
server_pid=
server_log=$(mktemp)

# On a loopback port that the system chooses; ready when the log says where. In a session of its own: Ctrl-C is for the
# script, which then stops the server in order.
start_server()
{
    : >"$server_log" # not by the redirection alone: an earlier server's address may stand there until the child runs
    setsid "$spectate" serve --listen 127.0.0.1:0 "$@" 2>"$server_log" &
    server_pid=$!
    local tries address
    for ((tries = 0; tries < 200; tries++)); do
        address=$(sed -n 's/.* net\.listening .* \(127\.0\.0\.1:[0-9]*\).*/\1/p' "$server_log")
        if [ -n "$address" ]; then
            server_url=ws://$address
            return 0
        fi
        kill -0 "$server_pid" 2>/dev/null || break
        sleep 0.05
    done
    echo "the server did not start:" >&2
    cat "$server_log" >&2
    return 1
}

stop_server()
{
    local status=0
    if [ -n "$server_pid" ]; then
        kill -TERM "$server_pid" 2>/dev/null || true
        wait "$server_pid" || status=$?
        server_pid=
    fi
    if [ "$status" -ne 0 ]; then
        echo "the server ended with status $status:" >&2
        tail -n 20 "$server_log" >&2
    fi
    return "$status"
}

# However the script ends, no server and no file stays.
clean_up()
{
    [ -z "$server_pid" ] || kill -TERM "$server_pid" 2>/dev/null || true
    rm -f "$server_log"
}
trap clean_up EXIT

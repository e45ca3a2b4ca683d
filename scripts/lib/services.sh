# shellcheck shell=bash
# Background processes with a pid file and a log each, under $RUN. Needs common.sh.

RUN=${HUBBUB_RUN_DIR:-$ROOT/.run}

# How long a service may take to answer, or to end when asked to, in seconds.
START_LIMIT=60
STOP_LIMIT=40

# A pid alone could be another program's by now; with its start time it cannot.
# Nothing for a process that has ended and is still listed (a zombie).
start_time() {
    local after_name fields
    after_name=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) || return
    read -ra fields <<<"$after_name"
    [[ ${fields[0]:-Z} == [ZX] ]] || say "${fields[19]}"
}

# service_pid NAME prints the pid of a service that runs; false when it does not.
service_pid() {
    local pid started
    read -r pid started 2>/dev/null <"$RUN/$1.pid" || return 1
    [[ -n $started && $(start_time "$pid") == "$started" ]] && say "$pid"
}

# start_service NAME PORTS COMMAND… starts it unless it runs. PORTS, separated by
# blanks, must be free.
start_service() {
    local name=$1 ports=$2 port pid
    shift 2
    service_pid "$name" >/dev/null && return
    for port in $ports; do
        if port_answers "$port"; then
            die "Port $port, for $name, is taken by another program. End that, or choose
other ports: HUBBUB_CLUSTER_PORT is the first of all ($BASE_PORT now)."
        fi
    done
    mkdir -p "$RUN"
    setsid "$@" </dev/null >>"$RUN/$name.log" 2>&1 &
    pid=$!
    say "$pid $(start_time "$pid")" >"$RUN/$name.pid"
}

# wait_for NAME COMMAND… tries the command until it succeeds.
wait_for() {
    local name=$1 deadline=$((SECONDS + START_LIMIT))
    shift
    until "$@" >/dev/null 2>&1; do
        service_pid "$name" >/dev/null || die_with_log "$name" "$name ended."
        ((SECONDS < deadline)) || die_with_log "$name" "$name does not answer."
        sleep 0.2
    done
}

die_with_log() {
    warn "── the end of $RUN/$1.log"
    tail -n 20 "$RUN/$1.log" >&2
    die "$2 The lines above are from its log."
}

# stop_service NAME asks it to end, and kills it when it does not.
stop_service() {
    local name=$1 pid deadline=$((SECONDS + STOP_LIMIT))
    pid=$(service_pid "$name") || {
        rm -f "$RUN/$name.pid"
        return
    }
    kill -TERM "$pid"
    # A paused one could not end.
    kill -CONT "$pid" 2>/dev/null
    while service_pid "$name" >/dev/null; do
        if ((SECONDS >= deadline)); then
            warn "$name did not end within $STOP_LIMIT s, and is killed"
            kill_service "$name"
        fi
        sleep 0.1
    done
    rm -f "$RUN/$name.pid"
    say "$name stopped"
}

# kill_service NAME sends SIGKILL; false when it did not run.
kill_service() {
    local pid
    pid=$(service_pid "$1") && kill -KILL "$pid"
}

port_answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# http_ok PORT PATH: does it answer 200?
http_ok() {
    local status
    status=$(
        exec 2>/dev/null 3<>"/dev/tcp/127.0.0.1/$1" &&
            printf 'GET %s HTTP/1.0\r\nHost: 127.0.0.1:%s\r\n\r\n' "$2" "$1" >&3 &&
            head -n 1 <&3
    )
    [[ $status == "HTTP/1."?" 200"* ]]
}

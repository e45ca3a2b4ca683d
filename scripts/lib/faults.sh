# shellcheck shell=bash
# Faults for drills. Needs common.sh, tools.sh, services.sh, mongodb.sh, nodes.sh
# (sourced before), and the cluster's ports and functions.

DRILL=$ROOT/scripts/lib/drill.py

faults_usage() {
    cat <<END
Usage: scripts/cluster fault WHAT
  kill-node N           SIGKILL
  pause-node N          SIGSTOP: it lives and does nothing
  stop-redis, stop-mongodb, start-redis, start-mongodb
  slow-redis MS, slow-mongodb MS    each answer so many milliseconds later; 0 ends it
  slow-reader [S]       a client that reads nothing of a busy group, for S seconds (60)
  flood [S]             connections and messages beyond the limits, for S seconds (60)
  heal                  everything runs again, and nothing is slow
Slow ones need a cluster that was started by scripts/cluster up --faults.
END
}

faults_enabled() { [[ -e $RUN/faults ]]; }

enable_faults() {
    local n
    faults_enabled && return
    for n in "${NODES[@]}"; do
        service_pid "node-$n" >/dev/null &&
            die "The nodes run without the proxies that faults need: scripts/cluster down first."
    done
    mkdir -p "$RUN"
    : >"$RUN/faults"
}

redis_port_for_nodes() { if faults_enabled; then say "$REDIS_PROXY_PORT"; else say "$REDIS_PORT"; fi; }

mongodb_port_for_nodes() { if faults_enabled; then say "$MONGODB_PROXY_PORT"; else say "$MONGODB_PORT"; fi; }

# Between the nodes and what they stand on.
start_proxies() {
    faults_enabled || return 0
    build_tool toxiproxy
    start_service toxiproxy "$REDIS_PROXY_PORT $MONGODB_PROXY_PORT $PROXY_API_PORT" \
        "$TOOLS_DIR/toxiproxy" serve -api "127.0.0.1:$PROXY_API_PORT" \
        "redis=127.0.0.1:$REDIS_PROXY_PORT=127.0.0.1:$REDIS_PORT" \
        "mongodb=127.0.0.1:$MONGODB_PROXY_PORT=127.0.0.1:$MONGODB_PORT"
    wait_for toxiproxy port_answers "$PROXY_API_PORT"
}

fault() {
    local what=${1:-}
    (($# == 0)) || shift
    case $what in
        kill-node) kill_node "$@" ;;
        pause-node) pause_node "$@" ;;
        stop-redis) stop_service redis ;;
        start-redis) start_redis ;;
        stop-mongodb) own_mongodb && stop_mongodb ;;
        start-mongodb) own_mongodb && start_mongodb ;;
        slow-redis) slow redis "$@" ;;
        slow-mongodb) own_mongodb && slow mongodb "$@" ;;
        slow-reader | flood) drill "$what" "${1:-60}" ;;
        heal) heal ;;
        help | -h | --help) faults_usage ;;
        *)
            faults_usage >&2
            exit 2
            ;;
    esac
}

own_mongodb() {
    [[ $(mongodb_kind) != url ]] || die "The MongoDB that HUBBUB_MONGODB_URL gave is not this script's to break."
}

pause_node() {
    local pid
    is_node "${1:-}" || die "Say which node to pause: ${NODES[*]}"
    pid=$(service_pid "node-$1") || die "Node $1 does not run."
    kill -STOP "$pid"
    say "node-$1 paused; scripts/cluster fault heal wakes it"
}

slow() {
    [[ ${2:-} =~ ^[0-9]+$ ]] || die "Say by how many milliseconds: scripts/cluster fault slow-$1 200"
    service_pid toxiproxy >/dev/null ||
        die "The nodes reach $1 without a proxy. Start them with one: scripts/cluster down, then scripts/cluster up --faults"
    "$TOOLS_DIR/toxiproxy" slow -api "127.0.0.1:$PROXY_API_PORT" "$1" "$2" || exit
    say "$1 answers $2 ms late"
}

heal() {
    local n pid
    if service_pid toxiproxy >/dev/null; then
        "$TOOLS_DIR/toxiproxy" heal -api "127.0.0.1:$PROXY_API_PORT" || exit
    fi
    for n in "${NODES[@]}"; do
        pid=$(service_pid "node-$n") && kill -CONT "$pid"
    done
    up
}

# drill WHAT SECONDS: misbehaving clients, on the last node.
drill() {
    [[ $2 =~ ^[0-9]+$ ]] || die "Say for how many seconds: scripts/cluster fault $1 60"
    have python3 || die "Please install Python first: sudo apt-get install python3"
    drill_tokens | python3 "$DRILL" "$1" "127.0.0.1:$(public_port "${NODES[-1]}")" "$2"
}

drill_tokens() (
    HUBBUB_JWT_SECRET=$(jwt_secret)
    export HUBBUB_JWT_SECRET
    forget_own_variables
    "$BINARY" token --users 'drill-{0..19}'
)

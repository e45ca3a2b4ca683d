# shellcheck shell=bash
# Redis and the nodes of a scaled-out hub. Needs common.sh, packages.sh, python.sh,
# tools.sh, services.sh, mongodb.sh, and of the script:
#   BASE_PORT         the first of its ports, before this is sourced
#   NODES             the numbers of its nodes
#   ROLES             what each of them does, in their order: all roles, where it says nothing
#   REDIS_OPTIONS     what Redis is given beside the usual: nothing, if it says nothing
#   node_settings     a function that exports what its nodes are to have beside the usual
# It may define redis_port_for_nodes and mongodb_port_for_nodes, where nodes go
# through something else.

# All ports follow from one: a node's are BASE_PORT + 10 × (its number - 1) and
# the next, those between are for what the nodes share.
REDIS_PORT=$((BASE_PORT + 2))
# shellcheck disable=SC2034 # for mongodb.sh
MONGODB_PORT=$((BASE_PORT + 3))

REDIS_OPTIONS=()
ROLES=()

# Given, it is run as it is; otherwise the sources are built.
BINARY=${HUBBUB_CLUSTER_BINARY:-$TARGET_DIR/release/hubbub}

public_port() { say $((BASE_PORT + 10 * ($1 - 1))); }
internal_port() { say $((BASE_PORT + 10 * ($1 - 1) + 1)); }
# The setting node_roles of node N: nothing where it has all of them.
roles_of() { say "${ROLES[$1 - 1]:-}"; }
takes_clients() { [[ -z $(roles_of "$1") || $(roles_of "$1") == *clients* ]]; }
redis_port_for_nodes() { say "$REDIS_PORT"; }

require_servers() {
    if [[ -z ${HUBBUB_CLUSTER_BINARY:-} ]]; then
        have "$CARGO" || die "Please install Rust first: https://rustup.rs"
        ensure_packages hub || exit
    fi
    ensure_packages nodes || exit
    ensure_mongodb HUBBUB_MONGODB_URL
}

build_hub() {
    [[ -z ${HUBBUB_CLUSTER_BINARY:-} ]] || return 0
    say "building the hub"
    "$CARGO" build --release --locked --quiet --manifest-path "$ROOT/Cargo.toml" --bin hubbub ||
        die "Could not build the hub."
}

start_redis() {
    mkdir -p "$RUN/redis"
    start_service redis "$REDIS_PORT" redis-server --port "$REDIS_PORT" --bind 127.0.0.1 \
        --dir "$RUN/redis" --save '' --maxmemory-policy noeviction "${REDIS_OPTIONS[@]}"
    wait_for redis redis-cli -p "$REDIS_PORT" ping
}

# Starts all nodes that do not run, and waits until they take traffic.
start_nodes() {
    local n
    for n in "${NODES[@]}"; do start_node "$n" || exit; done
    for n in "${NODES[@]}"; do wait_for_node "$n"; done
}

# In a subshell: the settings are the node's alone. By environment, since
# anybody may read arguments.
start_node() (
    public=$(public_port "$1")
    internal=$(internal_port "$1")
    node_settings
    export HUBBUB_NODE=node-$1
    export HUBBUB_LISTEN=127.0.0.1:$public
    export HUBBUB_INTERNAL_LISTEN=127.0.0.1:$internal
    export HUBBUB_PUBLIC_URL=http://127.0.0.1:$public
    HUBBUB_REDIS_URL=redis://127.0.0.1:$(redis_port_for_nodes)
    HUBBUB_MONGODB_URL=$(mongodb_url)
    export HUBBUB_REDIS_URL HUBBUB_MONGODB_URL
    export HUBBUB_DATA_DIR=$RUN/node-$1
    # An older version would take even an empty one for a mistake.
    roles=$(roles_of "$1")
    [[ -z $roles ]] || export HUBBUB_NODE_ROLES=$roles
    # One file descriptor a client.
    ulimit -n "$(ulimit -Hn)" 2>/dev/null
    forget_own_variables
    start_service "node-$1" "$public $internal" "$BINARY"
)

wait_for_node() { wait_for "node-$1" http_ok "$(internal_port "$1")" /readyz; }

stop_nodes() {
    local n
    for n in "${NODES[@]}"; do stop_service "node-$n"; done
}

# Not settings of the hub, which takes them for mistakes.
forget_own_variables() { unset HUBBUB_CLUSTER_PORT HUBBUB_CLUSTER_BINARY HUBBUB_RUN_DIR; }

# check_roles sees that the roles that were given are enough for a hub.
check_roles() {
    local n clients='' owner=''
    ((${#ROLES[@]} == 0)) && return
    ((${#ROLES[@]} <= ${#NODES[@]})) || die "There are ${#NODES[@]} nodes: --roles once for each of them."
    for n in "${NODES[@]}"; do
        ! takes_clients "$n" || clients=yes
        [[ -n $(roles_of "$n") && $(roles_of "$n") != *owner* ]] || owner=yes
    done
    [[ -n $clients && -n $owner ]] || die "Some node must take clients, and some node must be an owner."
}

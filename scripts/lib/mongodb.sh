# shellcheck shell=bash
# The nodes' MongoDB, from wherever one can be had. Needs common.sh, tools.sh,
# services.sh, and nodes.sh for the ports.

MONGODB_IMAGE=mongo:7
MONGODB_DATABASE=hubbub

# What `up` found is written down, so that later calls speak of the same one.
mongodb_kind() { cat "$RUN/mongodb.kind" 2>/dev/null; }

mongodb_container() { say "hubbub-cluster-$MONGODB_PORT"; }

mongodb_port_for_nodes() { say "$MONGODB_PORT"; }

mongodb_url() {
    local url
    url=mongodb://127.0.0.1:$(mongodb_port_for_nodes)/$MONGODB_DATABASE
    case $(mongodb_kind) in
        url) say "$HUBBUB_MONGODB_URL" ;;
        mongod | docker) say "$url?directConnection=true" ;;
        *) say "$url" ;;
    esac
}

start_mongodb() {
    local kind
    kind=$(mongodb_source "${HUBBUB_MONGODB_URL:-}")
    say "$kind" >"$RUN/mongodb.kind"
    mkdir -p "$RUN/mongodb"
    say "MongoDB: $kind"
    case $kind in
        mongod) start_mongod ;;
        docker) start_mongodb_container ;;
        ferretdb)
            start_service mongodb "$MONGODB_PORT" "$TOOLS_DIR/ferretdb" \
                -listen "127.0.0.1:$MONGODB_PORT" -dir "$RUN/mongodb"
            wait_for mongodb port_answers "$MONGODB_PORT"
            ;;
    esac
}

# A replica set of one where MongoDB's shell is there to make it one; majority
# concern means the same on a single server.
start_mongod() {
    local set=()
    have mongosh && set=(--replSet rs0)
    start_service mongodb "$MONGODB_PORT" mongod --bind_ip 127.0.0.1 --port "$MONGODB_PORT" \
        --dbpath "$RUN/mongodb" "${set[@]}"
    wait_for mongodb port_answers "$MONGODB_PORT"
    ((${#set[@]} == 0)) || wait_for mongodb initiate_replica_set mongosh
}

start_mongodb_container() {
    local name
    name=$(mongodb_container)
    if ! docker container inspect "$name" >/dev/null 2>&1; then
        docker create --name "$name" --network host "$MONGODB_IMAGE" --replSet rs0 \
            --bind_ip 127.0.0.1 --port "$MONGODB_PORT" >/dev/null ||
            die "Docker could not get the image $MONGODB_IMAGE."
    fi
    start_service mongodb "$MONGODB_PORT" docker start --attach "$name"
    wait_for mongodb initiate_replica_set docker exec "$name" mongosh
}

# initiate_replica_set MONGOSH…: succeeds once the server is primary.
initiate_replica_set() {
    "$@" --quiet --port "$MONGODB_PORT" --eval "
        try { rs.status() } catch (error) {
            rs.initiate({_id: 'rs0', members: [{_id: 0, host: '127.0.0.1:$MONGODB_PORT'}]})
        }
        quit(db.hello().isWritablePrimary ? 0 : 1)"
}

stop_mongodb() {
    if [[ $(mongodb_kind) == docker ]]; then
        docker stop "$(mongodb_container)" >/dev/null 2>&1
    fi
    stop_service mongodb
}

# shellcheck shell=bash
# The tools built from the Go modules under tools/. Needs common.sh.

# Older ones cannot fetch the Go release that the modules ask for.
OLDEST_GO=1.21

# build_tool NAME builds tools/NAME into $TOOLS_DIR unless a build of these very
# files is there already.
build_tool() {
    local name=$1
    local source=$ROOT/tools/$name binary=$TOOLS_DIR/$name sources
    [[ -f $source/go.mod ]] || die "There is no tool of that name: $name"
    sources=$(find "$source" -type f -print0 | sort -z | xargs -0 cat | sha256sum)
    [[ -x $binary && $(cat "$binary.sources" 2>/dev/null) == "$sources" ]] && return
    go_is_recent || die "Building $name needs Go $OLDEST_GO or newer (https://go.dev/dl/); Debian's golang package is older."
    say "building $name with $(go env GOVERSION) (a few minutes the first time)"
    mkdir -p "$TOOLS_DIR"
    # Built beside and renamed, so that nobody runs half a binary.
    (cd "$source" && compile "$binary.$$") || die "Could not build $name."
    mv "$binary.$$" "$binary"
    say "$sources" >"$binary.sources"
}

# compile BINARY builds the module in the current directory; with a patch.go, from
# what that one writes.
compile() {
    local binary=$1 module=go.mod
    if [[ -f patch.go ]]; then
        mkdir -p "$binary.module"
        go run patch.go "$binary.module" || return
        module=$binary.module/go.mod
    fi
    CGO_ENABLED=0 nice go build -modfile="$module" -mod=readonly -buildvcs=false -trimpath \
        -ldflags='-s -w' -o "$binary" . || return
    rm -rf "$binary.module"
}

go_is_recent() {
    have go || return 1
    local version
    version=$(go env GOVERSION)
    version=${version#go}
    [[ $(printf '%s\n%s\n' "$OLDEST_GO" "$version" | sort -V | head -n 1) == "$OLDEST_GO" ]]
}

# mongodb_source URL says how a MongoDB can be had here: url (one is given),
# mongod, docker, ferretdb or none, in the order in which tests and cluster look.
mongodb_source() {
    if [[ -n $1 ]]; then
        say url
    elif have mongod; then
        say mongod
    elif have docker && docker info >/dev/null 2>&1; then
        say docker
    elif [[ -x $TOOLS_DIR/ferretdb ]] || go_is_recent; then
        say ferretdb
    else
        say none
    fi
}

# ensure_mongodb VARIABLE sees to it that there is one, where VARIABLE is the
# name of the variable that can give a URL.
ensure_mongodb() {
    case $(mongodb_source "${!1:-}") in
        ferretdb) build_tool ferretdb ;;
        none)
            die "No MongoDB can be had here. One of these four will do:
  - $1: the URL of one that may be used
  - mongod (MongoDB 6 or newer) on the PATH
  - a running Docker, for its mongo image
  - Go $OLDEST_GO or newer (https://go.dev/dl/; Debian's golang package is older), which
    builds FerretDB as a stand-in"
            ;;
    esac
}

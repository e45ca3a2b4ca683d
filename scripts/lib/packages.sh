# shellcheck shell=bash
# Installs what is missing from Debian's packages. Needs common.sh.

# Everything that the scripts take from Debian: command, package, who needs it (a
# suite, or what several of them do), what for. A command that is already there is
# used as it is.
PACKAGES='
cc            build-essential  hub         compiling the C parts of dependencies
make          build-essential  hub         compiling the allocator
redis-server  redis-server     nodes       the nodes that share it
ensurepip     python3-venv     python      installing what comes from PyPI
redis-server  redis-server     rust        the tests against real Redis servers
openssl       openssl          rust        the certificates of tests over TLS
faketime      faketime         rust        the tests of a node whose clock is ahead
shellcheck    shellcheck       checks      checking the scripts
node          nodejs           checks      ESLint
npm           npm              checks      installing it
faketime      faketime         load        the load test whose tokens end
node          nodejs           load        the tests of parts of the load scripts
npm           npm              load        installing what those need
curl          curl             load        asking the hub of the load tests how many are there
node          nodejs           web         the browser tests
npm           npm              web         installing what the browser tests need
chromium      chromium         web         the browser of the browser tests
promtool      prometheus       ops         testing the rules and alerts
redis-server  redis-server     ops         the cluster whose dashboards are looked at
git           git              ops         the tests of advisories with a history
prometheus    prometheus       cluster     watching the cluster
haproxy       haproxy          ops         checking the configuration of the load balancer
'

# ensure_packages WHO… installs the packages of these that are missing.
ensure_packages() {
    local wanted=" $* " missing=() command package who purpose
    while read -r command package who purpose; do
        [[ -n $command && $wanted == *" $who "* ]] || continue
        is_there "$command" && continue
        say "missing: $command (Debian package $package), for $purpose"
        missing+=("$package")
    done <<<"$PACKAGES"
    ((${#missing[@]} == 0)) || install_packages "${missing[@]}"
}

is_there() {
    case $1 in
        # A module of Python's that Debian packs by itself.
        ensurepip) have python3 && python3 -c 'import ensurepip' 2>/dev/null ;;
        *) have "$1" ;;
    esac
}

# In a subshell: whatever ends it, services may start again.
install_packages() (
    have apt-get || die "Please install by hand, there is no apt-get here: $*"
    may_be_root || die "Please install first, this needs root: sudo apt-get install $*"
    say "installing: $*"
    trap allow_service_starts EXIT
    refuse_service_starts
    if ! as_root apt-get update -q || ! as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "$@"; then
        die "Could not install: $*. Please install them by hand and try again."
    fi
    disable_services "$@"
)

may_be_root() { ((EUID == 0)) || sudo -n true 2>/dev/null; }

as_root() {
    if ((EUID == 0)); then
        "$@"
    else
        sudo -n "$@"
    fi
}

# What these packages would run at the next boot is not wanted: the tests start
# servers of their own, and the ports shall stay free.
disable_services() {
    local service
    have systemctl || return 0
    for service in redis-server prometheus haproxy; do
        if [[ " $* " == *" $service "* ]]; then
            as_root systemctl disable "$service" >/dev/null 2>&1 || true
        fi
    done
}

POLICY=/usr/sbin/policy-rc.d

# Debian's packages start their services when installed, unless this file says no.
refuse_service_starts() {
    [[ -e $POLICY ]] && return
    POLICY_MADE=yes
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$POLICY" >/dev/null
    as_root chmod 755 "$POLICY"
}

allow_service_starts() {
    [[ -z ${POLICY_MADE:-} ]] || as_root rm -f "$POLICY"
}

# ensure_rust_component COMPONENT SUBCOMMAND
ensure_rust_component() {
    "$CARGO" "$2" --version >/dev/null 2>&1 && return
    if ! have rustup || ! rustup component add "$1"; then
        die "Please add Rust's $1 first (with rustup: rustup component add $1)."
    fi
}

OLDEST_NODE=20

# Sees to a recent enough Node: where Debian's is older, npm's own package of it
# goes into $TOOLS_DIR.
ensure_node() {
    node_is_recent && return
    say "installing Node (Debian's, $(node --version), is older than $OLDEST_NODE)"
    npm install --prefix "$TOOLS_DIR/node" --no-audit --no-fund node@22
    node_is_recent || die "Please install Node $OLDEST_NODE or newer first: https://nodejs.org"
}

node_is_recent() {
    PATH=$TOOLS_DIR/node/node_modules/node/bin:$PATH
    local version
    version=$(node --version) && version=${version#v} && ((${version%%.*} >= OLDEST_NODE))
}

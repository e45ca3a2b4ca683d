# shellcheck shell=bash
# What every script stands on: where things are, and how to speak and stop.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
TARGET_DIR=${CARGO_TARGET_DIR:-$ROOT/target}
# shellcheck disable=SC2034 # for those who source this
TOOLS_DIR=$TARGET_DIR/tools
CARGO=${CARGO:-cargo}

say() { printf '%s\n' "$*"; }

warn() { printf '%s\n' "$*" >&2; }

die() {
    warn "$*"
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

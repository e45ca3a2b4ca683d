# shellcheck shell=bash
# Binaries of the hub by the revision of git that they are made from. Needs common.sh.

# earlier_version prints what an upgrade begins with: the newest release; before there
# is any, the place where this branch left main, or the newest commit that is not all.
earlier_version() {
    local revision
    revision=$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null) ||
        revision=$(git merge-base HEAD main 2>/dev/null) ||
        die "There is no release and no branch main: say from which revision to upgrade."
    if [[ $(git rev-parse "$revision^{commit}") == $(git rev-parse HEAD) && -z $(git status --porcelain) ]]; then
        die "There is nothing newer than $revision here: say from which revision to upgrade."
    fi
    git rev-parse --short "$revision^{commit}"
}

# revision_binary REVISION PROFILE builds a revision once and prints where the binary is.
# Dependencies are shared with the work tree's builds, so what cargo calls target/PROFILE/hubbub
# is of this revision until the work tree is built again.
revision_binary() {
    local revision binary source=$TARGET_DIR/upgrade/source
    revision=$(git rev-parse --verify --quiet "$1^{commit}") || die "There is no revision $1."
    binary=$TARGET_DIR/upgrade/$revision-$2
    if [[ ! -x $binary ]]; then
        warn "building the hub of $1"
        rm -rf "$source"
        mkdir -p "$source"
        # With the time of now: cargo takes files that are older than its last build for unchanged.
        git archive "$revision" | tar -x -m -C "$source" || die "Could not take $1 out of git."
        build_into "$binary" "$source" "$2" || die "Could not build the hub of $1."
        rm -rf "$source"
    fi
    say "$binary"
}

# work_tree_binary PROFILE builds the files as they are.
work_tree_binary() {
    warn "building the hub"
    mkdir -p "$TARGET_DIR/upgrade"
    build_into "$TARGET_DIR/upgrade/here-$1" "$ROOT" "$1" || die "Could not build the hub."
    say "$TARGET_DIR/upgrade/here-$1"
}

# build_into BINARY SOURCE PROFILE. Copied beside and renamed, so that nobody runs half a binary.
build_into() {
    local options=()
    [[ $3 != release ]] || options=(--release)
    CARGO_TARGET_DIR=$TARGET_DIR "$CARGO" build --locked --quiet "${options[@]}" \
        --manifest-path "$2/Cargo.toml" --bin hubbub >&2 || return
    cp "$TARGET_DIR/$3/hubbub" "$1.$$" && mv "$1.$$" "$1"
}

# shellcheck shell=bash
# Python packages, in environments of their own. Needs common.sh, packages.sh.

# ensure_python DIRECTORY REQUIREMENTS makes an environment with the packages that
# a file of the project asks for.
ensure_python() {
    local directory=$1 requirements=$ROOT/$2
    cmp -s "$requirements" "$directory/requirements.txt" && return
    ensure_packages python || exit
    say "fetching from PyPI what $2 names"
    rm -rf "$directory"
    python3 -m venv "$directory" || die "Please install Python's venv first: sudo apt-get install python3-venv"
    "$directory/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements" ||
        die "Could not install the Python packages of $2; they come from PyPI."
    # Last, so that half an installation is made again.
    cp "$requirements" "$directory/requirements.txt"
}

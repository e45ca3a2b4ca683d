# shellcheck shell=bash
# Runs the steps of a test run, goes on after a failure, and counts the tests
# that the test runners' own summaries report. Needs common.sh.

PASSED=0
FAILED=0
FAILED_STEPS=()
TIMES=()

# step NAME COMMAND… runs one step, shown as it happens.
step() {
    local name=$1 log status started=$SECONDS
    shift
    log=$(mktemp)
    say "── $name"
    "$@" </dev/null 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    count "$log" "$status"
    rm -f "$log"
    TIMES+=("$(printf '%5d s  %s' $((SECONDS - started)) "$name")")
    if ((status != 0)); then
        FAILED_STEPS+=("$name")
        say "── $name FAILED after $((SECONDS - started)) s"
        return 1
    fi
    say "── $name: fine, $((SECONDS - started)) s"
}

# A step that fails without naming a failed test (it did not compile, it
# crashed, it is a check and no test) counts as one failure.
count() {
    local log=$1 status=$2 passed failed
    read -r passed failed < <(summaries "$log")
    if ((status != 0 && failed == 0)); then
        failed=1
    fi
    PASSED=$((PASSED + passed))
    FAILED=$((FAILED + failed))
}

# Sums the closing lines of cargo test, of node --test (plain and TAP), of
# Playwright's runner, and of tests/ops, and the lines of each of Go's tests.
summaries() {
    sed 's/\x1b\[[0-9;]*m//g' "$1" | awk '
        /^test result: / { passed += $4; failed += $6 }
        /^(ℹ|#) pass [0-9]+$/ { passed += $3 }
        /^(ℹ|#) (fail|cancelled) [0-9]+$/ { failed += $3 }
        /^  [0-9]+ passed( \(.*\))?$/ { passed += $1 }
        /^  [0-9]+ failed$/ { failed += $1 }
        /^--- PASS: / { passed++ }
        /^--- FAIL: / { failed++ }
        /^[0-9]+ passed, [0-9]+ failed$/ { passed += $1; failed += $3 }
        END { print passed + 0, failed + 0 }'
}

# Prints where the time went and the closing counts; false when anything failed.
closing_counts() {
    say ""
    printf '%s\n' "${TIMES[@]}"
    if ((${#FAILED_STEPS[@]} > 0)); then
        printf 'failed: %s\n' "${FAILED_STEPS[@]}"
    fi
    say "$PASSED passed, $FAILED failed"
    ((FAILED == 0 && ${#FAILED_STEPS[@]} == 0))
}

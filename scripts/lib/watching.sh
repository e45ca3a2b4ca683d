# shellcheck shell=bash
# What watches the cluster: Prometheus with the rules and alerts, and the probe.
# Needs common.sh, packages.sh, services.sh, and the cluster's ports.

# Installed where that may be done; the hub itself needs none of it.
ensure_prometheus() {
    have prometheus && return
    ! may_be_root || { ensure_packages cluster && return; }
    warn "Prometheus is not there, so nobody watches: sudo apt-get install prometheus, then up again"
    return 1
}

start_prometheus() {
    ensure_prometheus || return 0
    prometheus_configuration >"$RUN/prometheus.yml"
    # The maturity of a month needs a month of samples. k6 writes to /api/v1/write.
    start_service prometheus "$PROMETHEUS_PORT" prometheus --config.file="$RUN/prometheus.yml" \
        --storage.tsdb.path="$RUN/prometheus" --storage.tsdb.retention.time=35d \
        --web.listen-address="127.0.0.1:$PROMETHEUS_PORT" --web.enable-remote-write-receiver
    wait_for prometheus http_ok "$PROMETHEUS_PORT" /-/ready
}

prometheus_configuration() {
    local n
    cat <<END
global: {scrape_interval: 5s, evaluation_interval: 5s}
rule_files: ["$ROOT/dashboards/prometheus/*.yml"]
scrape_configs:
  - job_name: hubbub-probe
    static_configs: [{targets: ["127.0.0.1:$PROBE_PORT"], labels: {instance: probe}}]
  - job_name: hubbub
    static_configs:
END
    for n in "${NODES[@]}"; do
        say "      - {targets: [\"127.0.0.1:$(internal_port "$n")\"], labels: {instance: node-$n}}"
    done
}

# In a subshell: the key is no setting of whoever calls.
start_probe() (
    HUBBUB_JWT_SECRET=$(jwt_secret)
    export HUBBUB_JWT_SECRET
    forget_own_variables
    urls=()
    for n in "${NODES[@]}"; do
        ! takes_clients "$n" || urls+=("http://127.0.0.1:$(public_port "$n")")
    done
    start_service probe "$PROBE_PORT" "$BINARY" probe --listen "127.0.0.1:$PROBE_PORT" \
        --state "$RUN/probe.json" "${urls[@]}"
    wait_for probe http_ok "$PROBE_PORT" /healthz
)

stop_watching() {
    stop_service probe
    stop_service prometheus
}

report_watching() {
    report prometheus "http://127.0.0.1:$PROMETHEUS_PORT/alerts"
    report probe "http://127.0.0.1:$PROBE_PORT/metrics"
}

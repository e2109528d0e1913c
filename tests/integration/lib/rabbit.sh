# SPDX-License-Identifier: GPL-2.0-or-later
# A real RabbitMQ with its STOMP plugins beside the private cluster: its own node with its own epmd, on loopback
# and in the private directory. The stand-in Waldur creates its users and queues by the management plugin.
# shellcheck shell=bash

# Port numbers below those of the clusters; one block for each block of a cluster.
rabbit_port() { # rabbit_port amqp|stomp|stomps|ws|wss|http|epmd|dist
    local names=(amqp stomp stomps ws wss http epmd dist) i
    for i in "${!names[@]}"; do
        [ "${names[i]}" = "$1" ] && echo $((10000 + (PORT_BASE - 20000) / 2 + i))
    done
}

# rabbit_up: 0 when RabbitMQ responds. Its queues and users survive rabbit_down.
rabbit_up() {
    local bin=/usr/lib/rabbitmq/bin/rabbitmq-server dir=$CLUSTER_DIR/rabbit name
    [ -x $bin ] || skip_all 'rabbitmq-server is not installed'
    [ -d "$dir" ] || rabbit_files "$dir"
    local vars=(HOME="$dir" ERL_EPMD_PORT="$(rabbit_port epmd)" ERL_EPMD_ADDRESS=127.0.0.1
        RABBITMQ_NODENAME="sluice$PORT_BASE@localhost" RABBITMQ_CONF_ENV_FILE=/dev/null
        RABBITMQ_CONFIG_FILE="$dir/rabbitmq.conf" RABBITMQ_ENABLED_PLUGINS_FILE="$dir/plugins"
        RABBITMQ_MNESIA_BASE="$dir/data" RABBITMQ_LOG_BASE="$dir" RABBITMQ_LOGS=- RABBITMQ_PID_FILE="$dir/pid"
        RABBITMQ_GENERATED_CONFIG_DIR="$dir" RABBITMQ_FEATURE_FLAGS_FILE="$dir/flags"
        RABBITMQ_DIST_PORT="$(rabbit_port dist)" RABBITMQ_NODE_PORT="$(rabbit_port amqp)"
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none')
    daemon_alive epmd || (cd "$dir" && daemon_run epmd env "${vars[@]}" epmd)
    (cd "$dir" && daemon_run rabbit env "${vars[@]}" $bin)
    for name in stomp stomps ws wss http; do
        wait_until 180 port_open "$(rabbit_port $name)" || return 1
    done
}

rabbit_files() {
    local dir=$1 tls=$1/tls
    mkdir -p "$tls"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=broker \
        -addext subjectAltName=IP:127.0.0.1 -keyout "$tls/key.pem" -out "$tls/cert.pem" 2>/dev/null
    echo '[rabbitmq_management,rabbitmq_stomp,rabbitmq_web_stomp].' >"$dir/plugins"
    cat >"$dir/rabbitmq.conf" <<END
listeners.tcp.1 = 127.0.0.1:$(rabbit_port amqp)
management.tcp.ip = 127.0.0.1
management.tcp.port = $(rabbit_port http)
stomp.listeners.tcp.1 = 127.0.0.1:$(rabbit_port stomp)
stomp.listeners.ssl.1 = 127.0.0.1:$(rabbit_port stomps)
web_stomp.tcp.ip = 127.0.0.1
web_stomp.tcp.port = $(rabbit_port ws)
web_stomp.ssl.ip = 127.0.0.1
web_stomp.ssl.port = $(rabbit_port wss)
web_stomp.ssl.certfile = $tls/cert.pem
web_stomp.ssl.keyfile = $tls/key.pem
web_stomp.ssl.cacertfile = $tls/cert.pem
web_stomp.ws_path = /rmqws-stomp
ssl_options.certfile = $tls/cert.pem
ssl_options.keyfile = $tls/key.pem
ssl_options.cacertfile = $tls/cert.pem
vm_memory_high_watermark.absolute = 1GB
disk_free_limit.absolute = 10MB
log.console.level = warning
END
}

rabbit_down() { daemon_stop rabbit TERM 30; }
rabbit_certificate() { echo "$CLUSTER_DIR/rabbit/tls/cert.pem"; }

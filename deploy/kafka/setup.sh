#!/usr/bin/env bash
# Users, topics and access rights; runs once in the broker's network, over its loopback listener.
# Each tool starts a virtual machine of its own, so as much as possible is said in one call.
set -euo pipefail

bin=/opt/kafka/bin
broker=(--bootstrap-server 127.0.0.1:9092)
services=(enrolment safety sponsor)
export KAFKA_HEAP_OPTS="-Xmx128m -XX:TieredStopAtLevel=1"

users() {
  for service in "${services[@]}"; do
    password=$(cat "/run/secrets/${service}_kafka_password")
    "$bin/kafka-configs.sh" "${broker[@]}" --alter --entity-type users --entity-name "$service" \
      --add-config "SCRAM-SHA-512=[password=$password]" >/dev/null
  done
}

topics() {
  # Transport only: stores and outboxes are the record, so 30 days are plenty, and nothing is compacted.
  for service in "${services[@]}"; do
    "$bin/kafka-topics.sh" "${broker[@]}" --create --if-not-exists --topic "$service.events.v1" --partitions 6 \
      --replication-factor 1 --config retention.ms=2592000000 --config cleanup.policy=delete 2>/dev/null
  done
}

rights() {
  local everybody=() everything=()
  for service in "${services[@]}"; do
    everybody+=(--allow-principal "User:$service")
    everything+=(--topic "$service.events.v1")
  done
  "$bin/kafka-acls.sh" "${broker[@]}" --add "${everybody[@]}" --operation Read --operation Describe \
    "${everything[@]}" >/dev/null
  for service in "${services[@]}"; do
    "$bin/kafka-acls.sh" "${broker[@]}" --add --allow-principal "User:$service" --operation Write \
      --topic "$service.events.v1" >/dev/null
    "$bin/kafka-acls.sh" "${broker[@]}" --add --allow-principal "User:$service" --operation Read \
      --operation Describe --group "$service-from-" --resource-pattern-type prefixed >/dev/null
  done
}

users & made_users=$!
topics & made_topics=$!
rights & made_rights=$!
wait "$made_users"
wait "$made_topics"
wait "$made_rights"
echo "users, topics and access rights are in place"

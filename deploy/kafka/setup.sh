#!/usr/bin/env bash
# Users, topics and access rights; runs once in the broker's network, over its loopback listener.
# Each tool starts a virtual machine of its own, so as much as possible is said in one call.
set -euo pipefail

bin=/opt/kafka/bin
broker=(--bootstrap-server 127.0.0.1:9092)
services=(enrolment safety sponsor)
# These also say unblinded facts: on a topic of their own, which a user of its own writes and nobody here reads.
# Whoever may read it is given the right by name:
#   kafka-acls.sh --add --allow-principal User:NAME --operation Read --operation Describe --topic enrolment.unblinded.v1
unblinded=(enrolment)
export KAFKA_HEAP_OPTS="-Xmx128m -XX:TieredStopAtLevel=1"

user() {
  "$bin/kafka-configs.sh" "${broker[@]}" --alter --entity-type users --entity-name "$1" \
    --add-config "SCRAM-SHA-512=[password=$(cat "/run/secrets/$2")]" >/dev/null
}

users() {
  for service in "${services[@]}"; do
    user "$service" "${service}_kafka_password"
  done
  for service in "${unblinded[@]}"; do
    user "$service-unblinded" "${service}_unblinded_kafka_password"
  done
}

topics() {
  # Transport only: stores and outboxes are the record, so 30 days are plenty, and nothing is compacted.
  for topic in "${services[@]/%/.events.v1}" "${unblinded[@]/%/.unblinded.v1}"; do
    "$bin/kafka-topics.sh" "${broker[@]}" --create --if-not-exists --topic "$topic" --partitions 6 \
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
  for service in "${unblinded[@]}"; do
    "$bin/kafka-acls.sh" "${broker[@]}" --add --allow-principal "User:$service-unblinded" --operation Write \
      --operation Describe --topic "$service.unblinded.v1" >/dev/null
  done
}

users & made_users=$!
topics & made_topics=$!
rights & made_rights=$!
wait "$made_users"
wait "$made_topics"
wait "$made_rights"
echo "users, topics and access rights are in place"

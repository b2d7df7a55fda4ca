#!/usr/bin/env bash
# Users, topics and access rights; runs once in the broker's network, over its loopback listener.
set -euo pipefail

bin=/opt/kafka/bin
broker=127.0.0.1:9092
services="enrolment safety sponsor"

for service in $services; do
  password=$(cat "/run/secrets/${service}_kafka_password")
  "$bin/kafka-configs.sh" --bootstrap-server "$broker" --alter --entity-type users --entity-name "$service" \
    --add-config "SCRAM-SHA-512=[password=$password]" >/dev/null
done

for service in $services; do
  topic="$service.events.v1"
  # Transport only: stores and outboxes are the record, so 30 days are plenty, and nothing is compacted.
  "$bin/kafka-topics.sh" --bootstrap-server "$broker" --create --if-not-exists --topic "$topic" \
    --partitions 6 --replication-factor 1 --config retention.ms=2592000000 --config cleanup.policy=delete
  "$bin/kafka-acls.sh" --bootstrap-server "$broker" --add --allow-principal "User:$service" \
    --operation Write --operation Describe --topic "$topic" >/dev/null
  for other in $services; do
    "$bin/kafka-acls.sh" --bootstrap-server "$broker" --add --allow-principal "User:$other" \
      --operation Read --operation Describe --topic "$topic" >/dev/null
  done
  "$bin/kafka-acls.sh" --bootstrap-server "$broker" --add --allow-principal "User:$service" \
    --operation Read --operation Describe --group "$service-from-" --resource-pattern-type prefixed >/dev/null
done
echo "users, topics and access rights are in place"

#!/usr/bin/env bash
# Whether the broker answers: one ApiVersions request (key 18, version 0) by hand, because Kafka's own tools start
# a virtual machine for each question.
set -u
exec 3<>/dev/tcp/127.0.0.1/9092 || exit 1
printf '\x00\x00\x00\x0a\x00\x12\x00\x00\x00\x00\x00\x01\xff\xff' >&3
[ "$(timeout 3 head -c 8 <&3 | wc -c)" -eq 8 ]

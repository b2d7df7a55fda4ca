#!/bin/bash
# healthy SERVICE: whether this container's service lives and can work. No interpreter is started for it.
set -u
for question in readyz livez; do
  exec 3<>/dev/tcp/127.0.0.1/8000 || exit 1
  printf 'GET /%s/%s HTTP/1.0\r\n\r\n' "$1" "$question" >&3
  read -r -t 2 status <&3 || exit 1
  exec 3>&-
  [[ $status == *" 200 "* ]] || exit 1
done

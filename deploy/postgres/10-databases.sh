#!/usr/bin/env bash
# One database and one role per service; no service can connect to another's.
set -euo pipefail

for service in enrolment safety sponsor; do
  password=$(cat "/run/secrets/${service}_database_password")
  psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
       --set service="$service" --set password="$password" <<'SQL'
CREATE ROLE :"service" LOGIN PASSWORD :'password';
CREATE DATABASE :"service" OWNER :"service";
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
SQL
done

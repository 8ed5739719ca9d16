#!/bin/sh
# Sees to it that there is a sqlite3 shell: tests write through it as a foreign writer does.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

if command -v sqlite3 >/dev/null 2>&1; then exit 0; fi
[ "$(id -u)" -eq 0 ] || die 'there is no sqlite3 shell; install it (on Debian: apt-get install sqlite3)'
need apt-get 'installing sqlite3'
deb_install sqlite3 || die 'apt-get could not install sqlite3'

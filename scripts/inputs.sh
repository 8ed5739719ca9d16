#!/bin/sh
# Fetches the real data that tests import (internal/realinput finds it): Debian's iso-codes and npm's vega-datasets.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

vega=3.2.1
new=
trap '[ -z "$new" ] || rm -rf "$new"' EXIT

if [ ! -f "$TOOLS/iso-codes/iso_3166-1.json" ]; then
	new=$(scratch)
	if [ -f /usr/share/iso-codes/json/iso_3166-1.json ]; then
		mkdir -p "$new/usr/share/iso-codes" && cp -R /usr/share/iso-codes/json "$new/usr/share/iso-codes/"
	else
		deb_unpack iso-codes "$new"
	fi
	settle "$new/usr/share/iso-codes/json" "$TOOLS/iso-codes"
	rm -rf "$new"
fi

if [ "$(cat "$TOOLS/vega-datasets/.release" 2>/dev/null)" != "$vega" ]; then
	new=$(scratch)
	npm_unpack "vega-datasets@$vega" "$new"
	echo "$vega" >"$new/package/data/.release"
	settle "$new/package/data" "$TOOLS/vega-datasets"
fi

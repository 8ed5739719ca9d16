# Shared by the scripts beside it; to be sourced. Sets TOOLS, the cache directory.
# internal/toolcache computes the same one, and tests that it does.

if [ -n "${TIDEMARK_TOOLS:-}" ]; then
	TOOLS=$TIDEMARK_TOOLS
elif [ "$(id -u)" -eq 0 ]; then
	# Not /root: the servers that tests start run as another user, who must be able to read them.
	TOOLS=/var/cache/tidemark
else
	TOOLS=${HOME:-/tmp}/.cache/tidemark
fi

say() { printf 'tools: %s\n' "$*" >&2; }

die() {
	say "$*"
	exit 1
}

need() { command -v "$1" >/dev/null 2>&1 || die "$2 needs $1, which is not installed"; }

# scratch: prints a new directory inside the cache, so that what is complete can be moved into place in one step.
scratch() {
	mkdir -p "$TOOLS" && chmod a+rx "$TOOLS" && mktemp -d "$TOOLS/.new.XXXXXX"
}

# settle FROM TO: puts a complete directory in the place of an older one, readable by everybody.
settle() {
	chmod -R a+rX "$1" && mkdir -p "$(dirname "$2")" && rm -rf "$2" && mv "$1" "$2" && chmod a+rx "$(dirname "$2")"
}

# npm_unpack PACKAGE@VERSION DIR: the package's files, into DIR/package; nothing of it is run.
npm_unpack() {
	need npm "fetching $1"
	say "fetching $1"
	(cd "$2" && npm pack --silent --ignore-scripts "$1" </dev/null >/dev/null) || die "npm could not fetch $1"
	tar -xzf "$2"/*.tgz -C "$2" --no-same-owner && rm "$2"/*.tgz
}

# deb_unpack PACKAGE DIR: the files of a Debian package, into DIR; needs no root unless the package lists are missing.
deb_unpack() {
	need apt-get "fetching $1"
	need dpkg-deb "fetching $1"
	say "fetching $1"
	(cd "$2" && apt_fresh download -qq "$1" </dev/null >&2) || die "apt-get could not fetch $1"
	dpkg-deb -x "$2"/*.deb "$2" && rm "$2"/*.deb
}

# deb_install PACKAGE: as root.
deb_install() {
	say "installing $1"
	apt_fresh install -y -qq --no-install-recommends "$1" </dev/null >/dev/null
}

# apt_fresh ARGS: apt-get ARGS; where that fails, once more with new package lists, if we may have them.
apt_fresh() {
	apt_quiet "$@" 2>/dev/null && return
	[ "$(id -u)" -ne 0 ] || apt_quiet update -qq >&2
	apt_quiet "$@"
}

apt_quiet() {
	DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 "$@"
}

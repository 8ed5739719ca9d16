# Ends the server in directory $1 and removes the directory, once standard input ends. See watchdog.go.
dir=$1
case ${dir##*/} in tidemark-pg-?*) ;; *) exit 2 ;; esac
trap '' HUP INT TERM

# Says nothing and waits: nobody writes to this pipe.
while read -r _; do :; done

# The server's processes (and initdb's) work in its directory; each backend is a session of its own, so no group or
# session could be signalled instead. A person's shell that happens to stand there is left alone.
inside() {
	ls -l /proc/[0-9]*/cwd 2>/dev/null | while read -r line; do
		case $line in
		*" -> $dir" | *" -> $dir/"*)
			id=${line%%/cwd -> *}
			id=${id##*/}
			name=
			read -r name 2>/dev/null <"/proc/$id/comm"
			case $name in postgres | initdb) echo "$id" ;; esac
			;;
		esac
	done
}

# SIGQUIT is an immediate shutdown, which removes the server's shared memory; 5 s later nothing is asked any more.
tries=0
while ids=$(inside) && [ -n "$ids" ] && [ "$tries" -lt 200 ]; do
	signal=QUIT
	[ "$tries" -lt 100 ] || signal=KILL
	# shellcheck disable=SC2086 # one word per process
	kill -s "$signal" $ids 2>/dev/null
	tries=$((tries + 1))
	sleep 0.05
done

# A server that was killed and not started again leaves its pid file, whose line 7 holds the System V segment's id.
if [ -f "$dir/data/postmaster.pid" ]; then
	segment=$(sed -n '7s/^ *[0-9][0-9]* *//p' "$dir/data/postmaster.pid")
	[ -z "$segment" ] || ipcrm -m "$segment" 2>/dev/null
fi
rm -rf "$dir"

# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the gates share. A gate checks one thing, is silent when all is well, and
# fails with its findings; it can be run by itself.
set -eu
unset MAKEFLAGS # a gate's own make is nobody's child

top=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")/../..")
cd "$top"
# shellcheck disable=SC2034 # for the gates
linux=$top/build/linux

# What is borrowed from the kernel's source, unpacked once.
need_linux() {
	make -s -C selftests O="$top/build" "$linux/.unpacked" >/dev/null
}

# sources REGEX: the project's files of such names, with those not committed yet.
sources() {
	if git rev-parse --git-dir >/dev/null 2>&1; then
		git ls-files -co --exclude-standard | sort -u
	else
		find . -path ./build -prune -o -type f -printf '%P\n' | sort
	fi | grep -E "$1" | while read -r file; do
		[ ! -f "$file" ] || echo "$file" # deleted ones are in git's list, too
	done
}

# excused GATE: the findings on stdin, a line each that starts with the file, but
# for those that gates/excuses explains; and each excuse that explains none.
excused() {
	awk -v gate="$1" '
	FNR == NR {
		if ($1 != gate)
			next
		file[++n] = $2
		$1 = $2 = ""
		words[n] = substr($0, 3)
		next
	}
	{
		for (i = 1; i <= n; i++) {
			if (index($0, file[i] ":") == 1 && index($0, words[i])) {
				used[i] = 1
				next
			}
		}
		print
	}
	END {
		for (i = 1; i <= n; i++)
			if (!used[i])
				print "selftests/gates/excuses: nothing to excuse in " file[i] ": " words[i]
	}' selftests/gates/excuses -
}

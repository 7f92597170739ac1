# SPDX-License-Identifier: GPL-2.0-or-later
#
# Read the TAP of one test program, of the kselftest harness or of bats, whose
# exit status is in "status". Print "PASSED FAILED SKIPPED", then why tests were
# skipped, many for one reason together, and all that failed ones said: the harness
# talks before a result, bats after it.

function detail(text) { details = details text "\n" }

function fail(text) { failed++; detail(text) }

function skip(name, reason) {
	skipped++
	if (!(reason in names))
		reasons[++nr_reasons] = reason
	times[reason]++
	names[reason] = name
}

# The end of what one test had to say.
function settle() { said = ""; telling = 0 }

/^[0-9]+\.\.[0-9]+/ {
	split($1, range, /\.\./)
	planned = range[2]
	if (planned == 0 && match(tolower($0), /# skip/)) {
		skip("all", substr($0, RSTART + 7))
	}
	next
}

/^ok / {
	seen++
	settle()
	if (match(tolower($0), /# skip/)) {
		name = substr($0, 1, RSTART - 1)
		reason = substr($0, RSTART + 6)
		sub(/^ok [0-9]+ (- )?/, "", name)
		sub(/ +$/, "", name)
		sub(/^ +/, "", reason)
		skip(name, reason)
	} else {
		passed++
	}
	next
}

/^not ok / {
	seen++
	fail(said $0)
	settle()
	telling = 1
	next
}

/^# +RUN / { settle() }

/^# (Starting|PASSED|FAILED|Totals)/ || /^TAP version/ { next }

telling { detail($0); next }

{ said = said $0 "\n" }

END {
	if (status == 124 || status == 137)
		fail(said "out of time after " limit " s")
	else if (seen < planned)
		fail(said "ended after " seen + 0 " of " planned " tests, status " status)
	else if (!seen && !skipped)
		fail(said "no test has run, status " status)
	else if (status != 0 && status != 4 && !failed)
		fail(said "ended with status " status)
	print passed + 0, failed + 0, skipped + 0
	for (i = 1; i <= nr_reasons; i++) {
		reason = reasons[i]
		print "skipped: " (times[reason] > 1 ? times[reason] " tests" : names[reason]) " - " reason
	}
	printf "%s", details
}

# SPDX-License-Identifier: GPL-2.0-or-later
# The fuzzer for a short while; "make fuzz" lets it run for long.

fuzz=${PGNL_TOP:-$BATS_TEST_DIRNAME/../..}/build/selftests/fuzz

# As many as a slow machine can do; PGNL_ROUNDS as for the races.
requests() {
	awk -v n="$1" -v factor="${PGNL_ROUNDS:-1}" 'BEGIN { print int(n * factor) + 100 }'
}

@test "requests of any kind, of several users at once, leave the tables whole" {
	run "$fuzz" -n "$(requests 10000)"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "a seed is taken and told" {
	run "$fuzz" -s 7 -w 1 -n 300
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == "seed 7"$'\n'"300 requests, "* ]]
	run "$fuzz" -x
	[ "$status" -eq 2 ]
}

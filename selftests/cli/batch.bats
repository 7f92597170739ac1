# SPDX-License-Identifier: GPL-2.0-or-later
# -b
# shellcheck disable=SC2154
load lib

@test "a batch runs its lines in order" {
	sleeper pid
	run -0 --separate-stderr pgnl -b - <<-END
		# a comment
		join web --pid $pid

		  join web --pid $pid   # another
		leave web --pid $pid
	END
	[ "$output" = $'1\n2\n1' ]
	[ -z "$stderr" ]
}

@test "quotes and backslashes keep words together" {
	sleeper pid
	pgnl -b - >/dev/null <<-END
		join 'a b' "c 'd' \\"e\\"" f\\ g '\\' it"'"s x#y --pid $pid --meta ''
	END
	[ "$(json 'map(.group) | sort' which "$pid")" = \
		'["\\","a b","c '\''d'\'' \"e\"","f g","it'\''s","x#y"]' ]
}

@test "a line may have options of its own, which end with it" {
	sleeper pid
	run -0 --separate-stderr pgnl -b - <<-END
		-s pg2 create db
		-s pg2 -j join db --pid $pid
		join web --pid $pid
		-s pg2 delete db
	END
	[ "$(head -1 <<<"$output" | jq -c 'map(.group)')" = '["db"]' ]
	[ "$(tail -1 <<<"$output")" = 1 ]
}

@test "options before -b hold for every line" {
	sleeper pid
	pgnl -s pg2 create db
	echo "join db --pid $pid" | pgnl -s pg2 -b -
	[ "$(pgnl -s pg2 members db --pids)" = "$pid" ]
	pgnl -s pg2 delete db
}

@test "a batch ends at the first error and names its line" {
	sleeper pid
	printf 'join web --pid %d\nmembers nosuch\njoin web --pid %d\n' "$pid" "$pid" \
		>"$BATS_TEST_TMPDIR/batch"
	run -3 --separate-stderr pgnl -b "$BATS_TEST_TMPDIR/batch"
	[[ $stderr == "pgnl: $BATS_TEST_TMPDIR/batch:2: members: "* ]]
	[ "$(pgnl members web --count)" = 1 ]
}

@test "-f goes on after errors, the first one's exit code is kept" {
	sleeper pid
	run -1 --separate-stderr pgnl -f -b - <<-END
		jion
		members nosuch
		join web --pid $pid
	END
	[ "$output" = 1 ]
	[[ ${stderr_lines[0]} == "pgnl: -:1: no command 'jion'"* ]]
	[[ ${stderr_lines[1]} == "pgnl: -:2: members:"* ]]
}

@test "a batch refuses open quotes, NULs, exec and batches" {
	complains 1 -b - <<<"join 'web"
	has "-:1: a quote is not closed"
	run -1 bash -c 'printf "groups \\0 x\\n" | pgnl -b -'
	[[ $output == *NUL* ]]
	complains 1 -b - <<<'exec web -- true'
	has "batch"
	complains 1 -b - <<<'-b x'
	complains 1 -b - <<<'-V'
}

@test "no command of a batch reads what the batch is read from" {
	sleeper pid
	complains 1 -b - <<<$'send web -\njoin web --pid '"$pid"
	has "the rest of the batch"
	complains 1 -b - <<<$'restore -\njoin web --pid '"$pid"
	has "the rest of the batch"
	run -3 pgnl members web
	echo "send web -" >"$BATS_TEST_TMPDIR/batch"
	run -3 pgnl -b "$BATS_TEST_TMPDIR/batch" <<<text
}

@test "a batch that can't be read is an error" {
	complains 1 -b /nosuch
	complains 1 -b /proc
	complains 1 -b - groups
}

@test "a long batch works on one connection" {
	sleeper pid
	seq 500 | sed "s/.*/join web --pid $pid/" | pgnl -b - >/dev/null
	[ "$(pgnl members web --count)" = 500 ]
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154
load lib

@test "join prints the new count" {
	sleeper pid
	[ "$(pgnl join web --pid "$pid")" = 1 ]
	[ "$(pgnl join web --pid "$pid")" = 2 ]
	[ "$(pgnl join web --pid "$pid" --times 3)" = 5 ]
}

@test "join of several processes and groups prints every count" {
	sleeper a
	sleeper b
	[ "$(pgnl join x --pid "$a")" = 1 ]
	run -0 --separate-stderr pgnl -n join x y --pid "$a" "$b"
	[ "${#lines[@]}" -eq 4 ]
	[[ ${lines[0]} =~ ^x\ +$a\ +2$ ]]
	[[ ${lines[3]} =~ ^y\ +$b\ +1$ ]]
	[ "$(json 'map([.group, .pid, .count])' join y --pid "$a" "$b")" = \
		"[[\"y\",$a,2],[\"y\",$b,2]]" ]
}

@test "join tells the member id that members shows" {
	sleeper pid
	id=$(pgnl -j join web --pid "$pid" | jq -r '.[0].id')
	[ "$(pgnl -j members web | jq -r '.[0].id')" = "$id" ]
	[[ $id =~ ^[0-9]+$ ]]
}

@test "words and options of join may be mixed" {
	sleeper a
	sleeper b
	pgnl join --pid "$a" "$b" --weight 2 web -- -strange- >/dev/null
	[ "$(pgnl members web --count)" = 2 ]
	[ "$(pgnl members --count -- -strange-)" = 2 ]
	pgnl leave --pid "$a" --pid "$b" -- -strange- >/dev/null
	run -3 pgnl members -- -strange-
}

@test "join without --pid is a usage error" {
	complains 1 join web
	has "--pid is missing"
	complains 1 join
	complains 1 join --pid 1
}

@test "a join with one dead process joins nobody and names it" {
	sleeper a
	sleeper dead
	end_sleeper "$dead"
	complains 2 join web --pid "$a" "$dead"
	has "pid $dead"
	has "No such process"
	run -3 pgnl members web
}

@test "a join of a thread names it" {
	python3 -c 'import threading, time
t = threading.Thread(target=time.sleep, args=(1000,), daemon=True)
t.start()
print(t.native_id, flush=True)
time.sleep(1000)' >"$BATS_TEST_TMPDIR/tid" 3>&- &
	sleepers+=($!)
	eventually test -s "$BATS_TEST_TMPDIR/tid"
	tid=$(cat "$BATS_TEST_TMPDIR/tid")
	complains 2 join web --pid "$tid"
	has "pid $tid"
}

@test "join --required-group refuses a missing group and names it" {
	sleeper pid
	pgnl join web --pid "$pid"
	complains 2 join web nosuch --pid "$pid" --required-group
	has "No such file or directory"
	has nosuch
	[ "$(pgnl members web --count)" = 1 ]
	[ "$(pgnl join web --pid "$pid" --required-group)" = 2 ]
}

@test "a join to a missing group of a scope of mode pg2 is refused" {
	sleeper pid
	complains 2 -s pg2 join nosuch --pid "$pid"
}

@test "metadata and weight stay unless a later join says them" {
	sleeper pid
	pgnl join web --pid "$pid" --meta one --weight 5
	pgnl join web --pid "$pid"
	[ "$(json '.[0] | [.meta, .weight]' members web)" = '["one",5]' ]
	pgnl join web --pid "$pid" --meta two
	[ "$(json '.[0] | [.meta, .weight]' members web)" = '["two",5]' ]
	pgnl join web --pid "$pid" --meta ''
	[ "$(json '.[0].meta' members web)" = null ]
}

@test "join refuses bad numbers and too long metadata" {
	complains 1 join web --pid x
	complains 1 join web --pid 0
	complains 1 join web --pid -5
	complains 1 join web --pid 1 --times 0
	complains 1 join web --pid 1 --times 4294967295
	complains 1 join web --pid 1 --weight 0
	complains 1 join web --pid 1 --weight 1001
	has "from 1 to 1000"
	complains 1 join web --pid 1 --meta "$(printf 'x%.0s' {1..257})"
	has "at most 256 bytes, not 257"
	complains 1 join web --pid 1 --name foo
	run -3 pgnl members web
}

@test "join takes metadata of 256 bytes" {
	sleeper pid
	pgnl join web --pid "$pid" --meta "$(printf 'x%.0s' {1..256})"
	[ "$(json '.[0].meta | length' members web)" = 256 ]
}

@test "a request of more than 4096 rows is refused whole" {
	sleeper pid
	mapfile -t groups < <(seq -f many%g 0 4096)
	complains 2 join "${groups[@]}" --pid "$pid"
	has "too long"
	run -3 pgnl which "$pid"
	unset "groups[4096]"
	pgnl join "${groups[@]}" --pid "$pid" >/dev/null
	[ "$(json length which "$pid")" = 4096 ]
}

@test "leave prints the count that is left" {
	sleeper pid
	pgnl join web --pid "$pid" --times 4
	[ "$(pgnl leave web --pid "$pid")" = 3 ]
	[ "$(pgnl leave web --pid "$pid" --times 2)" = 1 ]
	[ "$(pgnl leave web --pid "$pid" --times 5)" = 0 ]
	run -3 pgnl members web
}

@test "leave --all leaves as often as joined" {
	sleeper pid
	pgnl join web --pid "$pid" --times 4
	[ "$(pgnl leave web --pid "$pid" --all)" = 0 ]
	run -3 pgnl members web
}

@test "leave has exit code 3 when nobody was joined, not when somebody was" {
	sleeper a
	sleeper b
	pgnl join web --pid "$a"
	run -3 --separate-stderr pgnl leave web --pid "$b"
	[[ $stderr == *"not joined"* ]]
	run -3 pgnl leave nosuch --pid "$a"
	[ "$(json 'map(.count)' leave web --pid "$a" "$b")" = '[0,0]' ]
}

@test "leave of a missing group of a scope of mode pg2 is refused" {
	sleeper pid
	complains 2 -s pg2 leave nosuch --pid "$pid"
}

@test "leave --id takes the process of that member id out" {
	sleeper a
	sleeper b
	pgnl join web --pid "$a" "$b" >/dev/null
	id=$(pgnl -j members web | jq -r ".[] | select(.pid == $a).id")
	[ "$(pgnl leave web --id "$id")" = 0 ]
	[ "$(pgnl members web --pids)" = "$b" ]
	run -3 pgnl leave web --id "$id"
}

@test "leave refuses what makes no sense" {
	complains 1 leave web
	complains 1 leave web --pid 1 --id 1
	complains 1 leave web db --id 1
	complains 1 leave web --pid 1 --all --times 2
	complains 1 leave web --pid 1 --times 2 --all
	complains 1 leave web --id 0
	complains 1 leave web --pid 1 --meta x
}

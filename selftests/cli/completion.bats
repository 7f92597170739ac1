# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154
load lib

# complete WORD...: what bash would offer for the last word, a line each.
complete_words() {
	# shellcheck disable=SC1090
	bash -c 'source <(pgnl completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
		_pgnl; printf "%s\n" "${COMPREPLY[@]}"' - "$@"
}

@test "completion bash prints a script that bash takes" {
	pgnl completion bash | bash -n
	bash -c 'source <(pgnl completion bash); complete -p pgnl'
	complains 1 completion zsh
	complains 1 completion
}

@test "completion options lists the options of a command" {
	[ "$(pgnl completion options leave | paste -sd' ')" = '--pid= --id= --times= --all --help' ]
	[ "$(pgnl completion options scope set | paste -sd' ')" = '--owner= --group= --perm= --help' ]
	complains 1 completion options nosuch
}

@test "commands are completed" {
	[ "$(complete_words pgnl me)" = members ]
	[ "$(complete_words pgnl -s pg2 cr)" = create ]
	[ "$(complete_words pgnl scope '' | paste -sd' ')" = 'add del set share unshare' ]
	[ "$(complete_words pgnl name '' | paste -sd' ')" = 'register unregister whereis list send' ]
	[ "$(complete_words pgnl gg '' | paste -sd' ')" = 'groups info own-nodes sync monitor' ]
	[ "$(complete_words pgnl help cl)" = closest ]
}

@test "options are completed" {
	[ "$(complete_words pgnl members web --p)" = --pids ]
	[ "$(complete_words pgnl scope add x --m)" = --mode ]
	[[ $(complete_words pgnl --c) == *--color=auto* ]]
	[ "$(complete_words pgnl pick web --policy r | paste -sd' ')" = 'random rr' ]
}

@test "groups and scopes are completed by asking the kernel" {
	sleeper pid
	pgnl join webcam web\ two $'web\e' --pid "$pid" >/dev/null
	pgnl -s pg2 create webpg2
	[ "$(complete_words pgnl members web | sort | paste -sd' ')" = 'web\ two webcam' ]
	[ "$(complete_words pgnl -s pg2 members web)" = webpg2 ]
	[ "$(complete_words pgnl -s pg | sort | paste -sd' ')" = 'pg pg2' ]
	[ "$(complete_words pgnl scope del gl)" = global ]
	[[ $(complete_words pgnl join web --pid "$pid") == *"$pid"* ]]
	pgnl -s pg2 delete webpg2
}

@test "names are completed by asking the kernel" {
	sleeper pid
	pgnl name register primary --pid "$pid" >/dev/null
	pgnl join private --pid "$pid" >/dev/null
	[ "$(complete_words pgnl name whereis pri)" = primary ]
	[ "$(complete_words pgnl name unregister pri)" = primary ]
	[ "$(complete_words pgnl name register x --resolve k)" = keep-first ]
	[[ $(complete_words pgnl name register x --r) == *--replace* ]]
}

@test "signals are completed as they are begun" {
	sleeper pid
	pgnl join webcam --pid "$pid" >/dev/null
	[ "$(complete_words pgnl signal web)" = webcam ]
	[ "$(complete_words pgnl signal webcam HU)" = HUP ]
	[ "$(complete_words pgnl signal webcam SIGHU)" = SIGHUP ]
	[ "$(complete_words pgnl signal webcam --dr)" = --dry-run ]
}

@test "groups to send to and to receive from are completed" {
	sleeper pid
	pgnl join webcam --pid "$pid" >/dev/null
	[ "$(complete_words pgnl send web)" = webcam ]
	[ "$(complete_words pgnl send webcam web)" = '' ]
	[ "$(complete_words pgnl send webcam x --on)" = --one ]
	[ "$(complete_words pgnl recv web)" = webcam ]
	[ "$(complete_words pgnl recv webcam --ti)" = --timeout ]
}

@test "the command of exec is completed as a command" {
	[[ $(complete_words pgnl exec web -- slee) == *sleep* ]]
}

# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for pgnl(8); commands, options and live names come from pgnl itself.
#
# In all of these: words, cword, cur and prev as in bash-completion, and pgnl,
# the command to ask.

# Names, quoted for the shell; those that pgnl shows escaped are left out.
_pgnl_names() {
	local name
	while IFS= read -r name; do
		[[ $name == *\\* || $name != "$cur"* ]] || COMPREPLY+=("$(printf '%q' "$name")")
	done
}

_pgnl_groups() {
	_pgnl_names < <("${pgnl[@]}" -o group groups 2>/dev/null)
}

_pgnl_registered() {
	_pgnl_names < <("${words[0]}" -n -o name name list 2>/dev/null)
}

_pgnl_scopes() {
	_pgnl_names < <("${words[0]}" -n -o scope scopes 2>/dev/null)
}

# The nodes and global groups that names may be looked for at.
_pgnl_places() {
	_pgnl_plain "$("${words[0]}" -n -o node nodes 2>/dev/null | sed 's/ *$//; s/^/node:/')
		$("${words[0]}" -n -o group gg groups 2>/dev/null | sed 's/ *$//; s/^/group:/')
		node: group:"
}

_pgnl_pids() {
	_pgnl_plain "$(cd /proc 2>/dev/null && printf '%s ' [0-9]*)"
}

_pgnl_plain() {
	mapfile -t COMPREPLY < <(compgen -W "$*" -- "$cur")
}

# compgen's own kinds: -f files, -u users, -g groups of users, -c commands
_pgnl_kind() {
	mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
}

# As they are begun: with or without SIG.
_pgnl_signals() {
	local names
	names=$(compgen -A signal SIG)
	[[ $cur == SIG* ]] || names=${names//SIG/}
	_pgnl_plain "$names"
}

# The value of an option; fails when there is none to complete.
_pgnl_value() {
	case $prev in
	-s) _pgnl_scopes ;;
	-b) _pgnl_kind -f ;;
	--pid) _pgnl_pids ;;
	--policy) _pgnl_plain random rr key= ;;
	--mode) _pgnl_plain pg pg2 ;;
	--resolve) _pgnl_plain keep-first random-exit random-notify notify-all ;;
	--where) _pgnl_places ;;
	--by) _pgnl_plain node group ;;
	--netns | --hook | --conf | --hooks-dir) _pgnl_kind -f ;;
	--owner | --uid) _pgnl_kind -u ;;
	--group) _pgnl_kind -g ;;
	*) return 1 ;;
	esac
}

# A word of the command, which starts at $1.
_pgnl_word() {
	local cmd=${words[$1]} at
	if [[ $cmd == scope || $cmd == name || $cmd == gg || $cmd == oci ]]; then
		if ((cword == $1 + 1)); then
			_pgnl_plain "$("${pgnl[@]}" completion commands | sed -n "s/^$cmd //p")"
			return
		fi
		cmd="$cmd ${words[$1 + 1]}"
	fi
	# What follows -- of exec is a command line of its own.
	for ((at = $1; at < cword; at++)); do
		if [[ $cmd == exec && ${words[at]} == -- ]]; then
			_pgnl_kind -c
			return
		fi
	done
	if [[ $cur == -* ]]; then
		# shellcheck disable=SC2086 # a command may be two words
		_pgnl_plain "$("${pgnl[@]}" completion options $cmd 2>/dev/null | tr -d =)"
		return
	fi
	case $cmd in
	groups | members | join | leave | exec | create | delete | closest | pick | recv | monitor | wait)
		_pgnl_groups ;;
	"oci cdi-spec") _pgnl_groups ;;
	send) ((cword > $1 + 1)) || _pgnl_groups ;;
	signal) if ((cword == $1 + 1)); then _pgnl_groups; else _pgnl_signals; fi ;;
	"scope del" | "scope set" | "scope share") _pgnl_scopes ;;
	"name register" | "name unregister" | "name whereis") _pgnl_registered ;;
	"name send") ((cword > $1 + 2)) || _pgnl_registered ;;
	which) _pgnl_pids ;;
	help) _pgnl_plain "$("${pgnl[@]}" completion commands)" ;;
	completion) _pgnl_plain bash ;;
	limits) _pgnl_plain "$("${pgnl[@]}" -o name limits 2>/dev/null | sed 's/ *$/=/')" ;;
	restore) _pgnl_kind -f ;;
	esac
}

_pgnl() {
	local words=("${COMP_WORDS[@]}") cword=$COMP_CWORD cur prev at
	# Names may have ':' and '=' inside, where bash parts words.
	if declare -F _get_comp_words_by_ref >/dev/null; then
		_get_comp_words_by_ref -n := words cword
	fi
	cur=${words[cword]} prev=${words[cword - 1]}
	local pgnl=("${words[0]}" -n)
	COMPREPLY=()

	# Where the command starts, and the scope that its groups are of.
	for ((at = 1; at < cword; at++)); do
		case ${words[at]} in
		-s) pgnl+=(-s "${words[++at]}") ;;
		-o | -b) ((at++)) ;;
		-*) ;;
		*) break ;;
		esac
	done

	if _pgnl_value; then
		:
	elif ((at < cword)); then
		_pgnl_word "$at"
	elif [[ $cur == -* ]]; then
		_pgnl_plain -j -p -o -n -q -t --color=auto --color=always --color=never -s -b -f -V -h
	else
		_pgnl_plain "$("${pgnl[@]}" completion commands | sed 's/ .*//' | sort -u)"
	fi
	# Readline keeps what is before the last of them.
	if [[ ${COMP_WORDS[COMP_CWORD]} != "$cur" ]]; then
		COMPREPLY=("${COMPREPLY[@]#"${cur%"${cur##*[:=]}"}"}")
	fi
}

complete -F _pgnl pgnl

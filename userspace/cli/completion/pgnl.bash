# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for pgnl(8); commands, options and live names come from pgnl itself.

# Names, quoted for the shell; those that pgnl shows escaped are left out.
_pgnl_words() {
	local word
	while IFS= read -r word; do
		[[ $word == *\\* ]] && continue
		[[ $word == "$cur"* ]] && COMPREPLY+=("$(printf '%q' "$word")")
	done
}

_pgnl_plain() {
	mapfile -t COMPREPLY < <(compgen -W "$*" -- "$cur")
}

_pgnl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local pgnl=("${COMP_WORDS[0]}" -n) cmd='' word i
	COMPREPLY=()

	# Where the command starts, and the scope that its groups are of.
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		-s) pgnl+=(-s "${COMP_WORDS[++i]}") ;;
		-o | -b) ((i++)) ;;
		-*) ;;
		*)
			cmd=$word
			break
			;;
		esac
	done

	case $prev in
	-s)
		_pgnl_words < <("${pgnl[@]:0:2}" -o scope scopes 2>/dev/null)
		return
		;;
	--pid)
		_pgnl_plain "$(cd /proc 2>/dev/null && printf '%s ' [0-9]*)"
		return
		;;
	--policy) _pgnl_plain random rr key= ; return ;;
	--mode) _pgnl_plain pg pg2 ; return ;;
	--owner | --uid) mapfile -t COMPREPLY < <(compgen -u -- "$cur") ; return ;;
	--group) mapfile -t COMPREPLY < <(compgen -g -- "$cur") ; return ;;
	-b) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ; return ;;
	esac

	if [[ ! $cmd ]]; then
		if [[ $cur == -* ]]; then
			_pgnl_plain -j -p -o -n -q -t --color=auto --color=always --color=never \
				-s -b -f -V -h
		else
			mapfile -t COMPREPLY < <("${pgnl[@]}" completion commands |
				sed 's/ .*//' | sort -u | grep "^$cur")
		fi
		return
	fi

	if [[ $cmd == scope ]]; then
		if ((COMP_CWORD == i + 1)); then
			_pgnl_plain "$("${pgnl[@]}" completion commands | sed -n 's/^scope //p')"
			return
		fi
		cmd="scope ${COMP_WORDS[i + 1]}"
	fi

	# What follows -- of exec is a command line of its own.
	if [[ $cmd == exec ]]; then
		for ((; i < COMP_CWORD; i++)); do
			if [[ ${COMP_WORDS[i]} == -- ]]; then
				mapfile -t COMPREPLY < <(compgen -c -- "$cur")
				return
			fi
		done
	fi

	if [[ $cur == -* ]]; then
		# shellcheck disable=SC2086 # a command may be two words
		_pgnl_plain "$("${pgnl[@]}" completion options $cmd 2>/dev/null | tr -d =)"
		return
	fi

	case $cmd in
	groups | members | join | leave | exec | create | delete | closest | pick)
		_pgnl_words < <("${pgnl[@]}" -o group groups 2>/dev/null)
		;;
	"scope del" | "scope set")
		_pgnl_words < <("${pgnl[@]:0:2}" -o scope scopes 2>/dev/null)
		;;
	which) _pgnl_plain "$(cd /proc 2>/dev/null && printf '%s ' [0-9]*)" ;;
	help) _pgnl_plain "$("${pgnl[@]}" completion commands)" ;;
	completion) _pgnl_plain bash ;;
	limits) _pgnl_plain "$("${pgnl[@]}" -o name limits 2>/dev/null | sed 's/ *$/=/')" ;;
	restore) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	esac
}

complete -F _pgnl pgnl

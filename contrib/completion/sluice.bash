# SPDX-License-Identifier: GPL-2.0-or-later
# Bash completion for sluice(1). Subcommands, options and fields come from the program itself; account names from the
# daemon, unless it takes longer than a second.

# _sluice_subcommands PROGRAM
_sluice_subcommands() { "$1" help 2>/dev/null | sed -n '/^Subcommands:/,/^$/s/^  \([a-z]*\) .*/\1/p'; }

# _sluice_accounts PROGRAM [--socket PATH]: without names that a shell would expand, as compgen -W does: an account can
# be named $(command).
_sluice_accounts() {
    timeout 1 "$@" -Q status -nP -o account 2>/dev/null | LC_ALL=C grep -x '[A-Za-z0-9_.:@%+-]*' | sort -u
}

_sluice() {
    local cur prev words cword
    if declare -F _init_completion >/dev/null; then
        _init_completion -n = || return
    else
        cur=${COMP_WORDS[COMP_CWORD]}
        prev=${COMP_WORDS[COMP_CWORD - 1]}
        words=("${COMP_WORDS[@]}")
        cword=$COMP_CWORD
    fi
    local program=${words[0]} subcommand='' i socket=()
    for ((i = 1; i < cword; i++)); do
        case ${words[i]} in
        --socket | --server | --ca-file) socket+=("${words[i]}" "${words[i + 1]}") && ((i++)) ;;
        --socket=* | --server=* | --ca-file=*) socket+=("${words[i]}") ;;
        -M | --cluster | --clusters) ((i++)) ;;
        -*) ;;
        *) subcommand=${words[i]} && break ;;
        esac
    done

    if [[ $cur == --socket=* || $cur == --ca-file=* ]]; then
        cur=${cur#--*=}
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return
    fi
    if [[ -z $subcommand ]]; then
        if [[ $cur == -* ]]; then
            mapfile -t COMPREPLY < <(compgen -W '--server= --socket= --ca-file= --cluster= --quiet --verbose --help --version' -- "$cur")
            [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace
            return
        fi
        mapfile -t COMPREPLY < <(compgen -W "$(_sluice_subcommands "$program")" -- "$cur")
        return
    fi

    case $prev,$cur in
    -o,* | *,--format=*)
        local list=${cur#--format=} before=''
        [[ $list == *,* ]] && before=${list%,*},
        local fields
        fields=$("$program" "$subcommand" --helpformat 2>/dev/null | awk '{print $1}')
        mapfile -t COMPREPLY < <(compgen -P "${before}" -W "$fields" -- "${list##*,}")
        [[ $cur == --format=* && $COMP_WORDBREAKS != *=* ]] && COMPREPLY=("${COMPREPLY[@]/#/--format=}")
        compopt -o nospace
        return
        ;;
    *,--accounts=* | -A,* | --accounts,*)
        local list=${cur#--accounts=} before='' given
        [[ $list == *,* ]] && before=${list%,*},
        given=$(_sluice_accounts "$program" "${socket[@]}")
        mapfile -t COMPREPLY < <(compgen -P "${before}" -W "$given" -- "${list##*,}")
        [[ $cur == --accounts=* && $COMP_WORDBREAKS != *=* ]] && COMPREPLY=("${COMPREPLY[@]/#/--accounts=}")
        return
        ;;
    *,--role=*)
        mapfile -t COMPREPLY < <(compgen -W 'staff reader' -- "${cur#--role=}")
        [[ $COMP_WORDBREAKS != *=* ]] && COMPREPLY=("${COMPREPLY[@]/#/--role=}")
        return
        ;;
    -u,*)
        mapfile -t COMPREPLY < <(compgen -u -- "$cur")
        return
        ;;
    esac
    if [[ $cur == -* ]]; then
        local options
        options=$("$program" "$subcommand" --help 2>/dev/null | sed -n 's/^  *\(-., \)\?\(--[a-z0-9-]*=\?\).*/\2/p')
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
        [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
        return
    fi
    case $subcommand in
    help)
        mapfile -t COMPREPLY < <(compgen -W "$(_sluice_subcommands "$program")" -- "$cur")
        ;;
    simulate | notify)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        ;;
    override | adjust | token | outbox | clock | web)
        local offered='' verb='' count=0
        for ((i = i + 1; i < cword; i++)); do
            [[ ${words[i]} == -* ]] && continue
            verb=${verb:-${words[i]}}
            count=$((count + 1))
        done
        case $subcommand,$verb,$count in
        override,,0) offered='set list clear' ;;
        adjust,,0) offered='add list' ;;
        token,,0) offered='add list remove' ;;
        outbox,,0) offered='list retry drop' ;;
        clock,,0) offered=accept ;;
        web,,0) offered='list end' ;;
        override,set,2) offered='normal downscaled paused' ;;
        override,clear,*) offered=$(timeout 1 "$program" "${socket[@]}" -Q override list -nP -o account 2>/dev/null |
            LC_ALL=C grep -x '[A-Za-z0-9_.:@%+-]*' | sort -u) ;;
        adjust,add,[2-9]*) offered=$(timeout 1 "$program" "${socket[@]}" -Q status -nP -o component 2>/dev/null |
            LC_ALL=C grep -x '[A-Za-z0-9_.:@%+-]*' | sort -u | sed 's/$/=/') && compopt -o nospace ;;
        override,* | adjust,*) offered=$(_sluice_accounts "$program" "${socket[@]}") ;;
        esac
        mapfile -t COMPREPLY < <(compgen -W "$offered" -- "$cur")
        ;;
    status | balance | explain | usage | evaluate | history | commands | reset)
        local accounts
        accounts=$(_sluice_accounts "$program" "${socket[@]}")
        mapfile -t COMPREPLY < <(compgen -W "$accounts" -- "$cur")
        ;;
    esac
}
complete -F _sluice sluice

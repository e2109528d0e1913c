# SPDX-License-Identifier: GPL-2.0-or-later
# Bash completion for sluice(1). All words come from `sluice __complete`, which asks the daemon for names of accounts;
# nothing is offered if that takes longer than a second.

_sluice() {
    local line words current kind value
    read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
    [[ ${COMP_LINE:0:COMP_POINT} == *[[:blank:]] ]] && words+=('')
    current=${words[${#words[@]} - 1]}
    # Bash replaces only what follows the last "=" or ":" of the word.
    local before=''
    [[ $current == *=* && $COMP_WORDBREAKS == *=* ]] && before=${current%%=*}=
    [[ ${current#"$before"} == *:* && $COMP_WORDBREAKS == *:* ]] && before=${current%:*}:
    COMPREPLY=()
    while IFS= read -r line; do
        value=${line%%$'\t'*}
        case $value in
        :files)
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -f -- "${current#--*=}")
            return
            ;;
        :users)
            mapfile -t COMPREPLY < <(compgen -u -- "${current#--*=}")
            return
            ;;
        esac
        [[ $value == *[=,] ]] && compopt -o nospace
        COMPREPLY+=("${value#"$before"}")
    done < <(timeout 1 "${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
}
complete -F _sluice sluice

# SPDX-License-Identifier: GPL-2.0-or-later
# Fish completion for sluice(1). All words come from `sluice __complete`, which asks the daemon for names of accounts;
# nothing is offered if that takes longer than a second.

function __sluice_words
    set -l words (commandline -opc)
    timeout 1 $words[1] __complete $words[2..-1] (commandline -ct) 2>/dev/null
end

function __sluice_complete
    set -l current (commandline -ct)
    set -l before (string match -r -- '^--[^=]*=' $current)
    for line in (__sluice_words)
        switch $line
            case ':files'
                for path in (__fish_complete_path (string replace -r -- '^--[^=]*=' '' $current))
                    echo $before$path
                end
            case ':users'
                for user in (__fish_complete_users)
                    echo $before$user
                end
            case '*'
                echo $line
        end
    end
end

complete -c sluice -f -a '(__sluice_complete)'

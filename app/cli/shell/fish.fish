# Completes danggol's words in fish; load it with: danggol completion fish | source
function __danggol_complete
    set -l typed (commandline --cut-at-cursor --tokenize) (commandline --cut-at-cursor --current-token)
    for line in ($typed[1] complete -- $typed[2..-1] 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path (string replace --regex '^--[^=]*=' '' -- $typed[-1])
        else
            echo $line
        end
    end
end
complete --command danggol --no-files --arguments '(__danggol_complete)'

# fish completion for imgtool; made by "imgtool completion fish".
function __imgtool_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in (imgtool __complete -- $words[2..-1] 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c imgtool -f -a '(__imgtool_complete)'

#compdef imgtool
# zsh completion for imgtool; made by "imgtool completion zsh".
_imgtool() {
	local line
	local -a found
	local files=
	while IFS= read -r line; do
		if [[ $line == :files ]]; then
			files=1
		else
			found+=("${${line%%$'\t'*}//:/\\:}${${(M)line%%$'\t'*}:+:${line#*$'\t'}}")
		fi
	done < <(imgtool __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
	(( $#found )) && _describe imgtool found
	[[ -n $files ]] && _files
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
	_imgtool "$@"
else
	compdef _imgtool imgtool
fi

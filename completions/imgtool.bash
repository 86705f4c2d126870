# bash completion for imgtool; made by "imgtool completion bash".
_imgtool() {
	local line IFS=$'\n' cur=${COMP_WORDS[COMP_CWORD]} words=("${COMP_WORDS[@]:1:COMP_CWORD}")
	if declare -F _get_comp_words_by_ref >/dev/null; then
		local cword
		_get_comp_words_by_ref -n =: cur words cword
		words=("${words[@]:1:cword}")
	fi
	COMPREPLY=()
	while read -r line; do
		if [ "$line" = :files ]; then
			compopt -o filenames 2>/dev/null
			COMPREPLY+=($(compgen -f -- "$cur"))
		else
			COMPREPLY+=("${line%%$'\t'*}")
		fi
	done < <(imgtool __complete -- "${words[@]}" 2>/dev/null)
	declare -F __ltrim_colon_completions >/dev/null && __ltrim_colon_completions "$cur"
	return 0
}
complete -F _imgtool imgtool

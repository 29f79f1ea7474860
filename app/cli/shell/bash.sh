# Completes danggol's words in bash; load it with: source <(danggol completion bash)
_danggol() {
  local word line words=() current
  # bash parts words at = and :, danggol does not
  for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
    if ((${#words[@]})) && [[ $word == [=:]* || ${words[-1]} == *[=:] ]]; then
      words[-1]+=$word
    else
      words+=("$word")
    fi
  done
  current=${words[-1]}
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "${current##*[=:]}")
    else
      line=${line%%$'\t'*}
      COMPREPLY+=("${line#"${current%"${current##*[=:]}"}"}")
    fi
  done < <("${COMP_WORDS[0]}" complete -- "${words[@]}" 2>/dev/null)
}
complete -F _danggol danggol

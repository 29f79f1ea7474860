#compdef danggol
# Completes danggol's words in zsh; load it with: source <(danggol completion zsh)
_danggol() {
  local line files=0
  local -a found
  for line in "${(@f)$("${words[1]}" complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $line == :files ]]; then
      files=1
    elif [[ -n $line ]]; then
      found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    fi
  done
  ((${#found})) && _describe danggol found
  if ((files)); then
    compset -P '*='
    _files
  fi
}
compdef _danggol danggol

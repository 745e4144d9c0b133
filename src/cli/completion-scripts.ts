/** The scripts ask `varve __complete SHELL -- …` what fits, and add nothing of their own. */
const bash = `# Completion of varve for bash: source <(varve completion bash)
_varve() {
  local answer value
  answer=$(varve __complete bash -- "\${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
  COMPREPLY=()
  while IFS=$'\\t' read -r value _; do
    if [[ $value == :files ]]; then
      compopt -o default 2>/dev/null
    elif [[ -n $value ]]; then
      COMPREPLY+=("$(printf '%q' "$value")")
    fi
  done <<< "$answer"
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *[/=:] ]]; then
    compopt -o nospace 2>/dev/null
  fi
}
complete -F _varve varve
`

const zsh = `#compdef varve
# Completion of varve for zsh: source <(varve completion zsh)
_varve() {
  local line value about files
  local -a plain open
  for line in "\${(@f)$(varve __complete zsh -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $line == :files ]]; then
      files=1
      continue
    fi
    value=\${line%%$'\\t'*}
    [[ -n $value ]] || continue
    about=\${line#*$'\\t'}
    if [[ $value == *[/=] ]]; then
      open+=("\${value//:/\\\\:}:$about")
    else
      plain+=("\${value//:/\\\\:}:$about")
    fi
  done
  (( $#plain )) && _describe -V varve plain
  (( $#open )) && _describe -V varve open -S ''
  [[ -n $files ]] && _files
  return 0
}
if [[ \${funcstack[1]} == _varve ]]; then
  _varve "$@"
else
  compdef _varve varve
fi
`

const fish = `# Completion of varve for fish: varve completion fish | source
function __varve_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in (varve __complete fish -- $words[2..] 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c varve -f -a '(__varve_complete)'
`

export const completionScripts = new Map([
  ['bash', bash],
  ['zsh', zsh],
  ['fish', fish],
])

/**
 * What users of git and of databases type that varve calls something else, or does another way.
 * Looked at only for what there is not: a command or option of these names comes first.
 */
export const commandHabits: ReadonlyMap<string, string> = new Map([
  ['annotate', '`varve log SERIES` lists the commits that changed it'],
  ['append', '`varve write --mode append SERIES` adds rows at the end'],
  ['cat', '`varve read SERIES` prints its rows'],
  ['cat-file', 'it is `varve cat-object`'],
  ['ci', 'it is `varve commit`'],
  ['co', 'it is `varve checkout`'],
  ['export', '`varve read SERIES > FILE` writes its rows, `varve checkout --files` its file'],
  ['insert', 'it is `varve write SERIES`'],
  ['remove', 'it is `varve rm`, or for rows `varve delete`'],
  ['rename', 'it is `varve mv`, or for a column `varve schema rename`'],
  ['select', '`varve read SERIES` prints its rows'],
  ['shortlog', 'it is `varve log --oneline`'],
  ['st', 'it is `varve status`'],
  ['stash', '`varve switch -c NAME` and `varve commit` keep what is staged on a branch'],
  ['unstage', 'it is `varve restore --staged SERIES`'],
  ['update', 'it is `varve write SERIES`'],
  ['whatchanged', 'it is `varve log --stat`'],
])

/** The same for options, by command and option. */
export const optionHabits: ReadonlyMap<string, string> = new Map([
  ['add -A', '`varve add .` takes all files, `varve commit -a` those that changed or went'],
  ['add --all', '`varve add .` takes all files, `varve commit -a` those that changed or went'],
  ['add -u', '`varve commit -a` takes what changed in files'],
  ['add --update', '`varve commit -a` takes what changed in files'],
  ['commit -v', '`varve diff --staged` shows what will be committed'],
  ['diff -p', 'rows are what it shows'],
  ['diff --patch', 'rows are what it shows'],
  ['log --name-status', '`--stat` and `--name-only` name the series that each commit changed'],
  ['pull --rebase', 'it merges, cell by cell; `varve cherry-pick` takes single commits elsewhere'],
  ['pull -r', 'it merges, cell by cell; `varve cherry-pick` takes single commits elsewhere'],
  ['push --mirror', '`varve remote add --mirror` makes a remote that is pushed to like that'],
  ['read --csv', 'CSV is what it prints, unless --json is given'],
])

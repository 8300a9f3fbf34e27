"""`coralexp completion bash|zsh|fish`: scripts, and the query that they ask at each Tab."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.artifacts.entries import stages
from coralexp.artifacts.store import Store
from coralexp.cli.store import ACTIONS, FLAGS
from coralexp.cli.verbs import TAKES_OVERRIDES, VERBS
from coralexp.errors import ConfigError, Problem
from coralexp.spec.composition import EXPERIMENT
from coralexp.spec.docstring import argument_texts
from coralexp.spec.experiment import GROUPS, How
from coralexp.spec.folders import Conf, description, find_conf
from coralexp.spec.part import resolve, schema
from coralexp.spec.suggestions import way_out
from coralexp.spec.top_level import how

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Candidate = tuple[str, str]  # a whole word and what it means

_FLAGS = ("--help", "--version", "--cfg", "--info", "--config-dir")
_KEYS = "[0-9a-f]" * 20
_TAKE_RUNS = ("reproduce", "predict", "compare", "export", "freeze", "measure")

_SCRIPTS = {
    "bash": r"""# Completion of coralexp for bash. To install it, add this line to ~/.bashrc:
#   eval "$(coralexp completion bash)"
_coralexp() {
    local line="${COMP_LINE:0:COMP_POINT}" candidate
    local word="${line##*[[:space:]]}"
    # Bash begins a new word behind = and :, so it wants only what comes behind the last of them.
    local begin="${word%"${word##*[=:]}"}"
    local -a before
    read -ra before <<<"${line% *}"
    COMPREPLY=()
    while IFS=$'\t' read -r candidate _; do
        COMPREPLY+=("${candidate#"$begin"}")
        case "$candidate" in *= | *.) compopt -o nospace 2>/dev/null ;; esac
    done < <("$1" completion --query "$word" "${before[@]}" 2>/dev/null)
}
complete -o default -F _coralexp coralexp
""",
    "zsh": r"""#compdef coralexp
# Completion of coralexp for zsh. To install it, add this line to ~/.zshrc, behind compinit:
#   eval "$(coralexp completion zsh)"
_coralexp() {
    local candidate meaning
    local -a open open_shown whole whole_shown query
    query=("${words[1]}" completion --query "${words[CURRENT]}" "${(@)words[1,CURRENT-1]}")
    while IFS=$'\t' read -r candidate meaning; do
        case "$candidate" in
            (*=|*.) open+=("$candidate"); open_shown+=("$candidate  $meaning") ;;
            (*) whole+=("$candidate"); whole_shown+=("$candidate  $meaning") ;;
        esac
    done < <("${query[@]}" 2>/dev/null)
    (( $#open )) && compadd -l -S '' -d open_shown -- "${open[@]}"
    (( $#whole )) && compadd -l -d whole_shown -- "${whole[@]}"
    (( $#open + $#whole )) || _files
}
compdef _coralexp coralexp
""",
    "fish": r"""# Completion of coralexp for fish. To install it:
#   coralexp completion fish > ~/.config/fish/completions/coralexp.fish
function __coralexp_candidates
    coralexp completion --query (commandline -ct) (commandline -opc) 2>/dev/null
end
complete -c coralexp -a '(__coralexp_candidates)'
""",
}


def main(args: Sequence[str]) -> int:
    """Print the script of a shell, or answer the question of such a script.

    Args:
        args: The name of a shell; or `--query`, the word under the cursor, and the words before it.

    Returns:
        Exit status 0.

    Raises:
        ConfigError: If there is no script for that shell.
    """
    if args and args[0] == "--query":
        word, *before = [*args[1:], ""][: max(len(args) - 1, 1)]
        for candidate, meaning in candidates(word, before):
            sys.stdout.write(f"{candidate}\t{meaning}\n")
        return 0
    if list(args) in ([], ["--help"]):
        sys.stdout.write(
            "usage: coralexp completion bash|zsh|fish\n\n"
            "Prints a script that completes the words of coralexp; it says how to install it.\n"
        )
        return 0
    if len(args) != 1 or args[0] not in _SCRIPTS:
        word = " ".join(args)
        raise ConfigError(
            [Problem("completion", f"no script for {word!r}, {way_out(word, _SCRIPTS)}")]
        )
    sys.stdout.write(_SCRIPTS[args[0]])
    return 0


def candidates(word: str, before: Sequence[str]) -> list[Candidate]:
    """Return how a word may go on.

    Args:
        word: What stands before the cursor.
        before: The words before it, in which other choices may have been made.

    Returns:
        Whole words, and what each means.
    """
    conf = find_conf([Path(w.partition("=")[2]) for w in before if w.startswith("--config-dir=")])
    bare = word.lstrip("+~")
    sign = word[: len(word) - len(bare)]
    verb = next((w for w in before if w in VERBS), None)
    key, equals, value = bare.partition("=")
    if word.startswith("-"):
        action = next((w for w in before if verb == "store" and w in ACTIONS), "")
        found: Iterator[Candidate] = ((flag, "") for flag in FLAGS.get(action, _FLAGS))
    elif equals:
        done, comma, start = value.rpartition(",")
        used = done.split(",")
        found = (
            (f"{key}={done}{comma}{text}", meaning)
            for text, meaning in _values(key, before, conf)
            if text not in used and text.startswith(start)
        )
    elif "." in key:
        found = _options(key.partition(".")[0], before, conf)
    else:
        found = _starts(verb, before, conf)
    return [(sign + text, meaning) for text, meaning in found if text.startswith(bare or word)]


def _starts(verb: str | None, before: Sequence[str], conf: Conf) -> Iterator[Candidate]:
    if verb is None and not any("=" in w for w in before):
        yield from VERBS.items()
    if verb in _TAKE_RUNS:
        for path in sorted((How().store / "runs").glob("*.json"), reverse=True):
            yield path.stem, "run"
    if verb == "store":
        yield from _in_store(before)
    if verb == "completion":
        yield from ((shell, "") for shell in _SCRIPTS)
    if verb in {None, *TAKES_OVERRIDES, "reproduce", "fetch", "doctor"}:
        for group in GROUPS:
            yield f"{group}=", f"choice, {conf.defaults.get(group)} if nothing is said"
            yield f"{group}.", "options of the choice"
        if conf.choices(EXPERIMENT):
            yield f"{EXPERIMENT}=", "a frozen question"
        yield from ((f"{name}=", text) for name, text in argument_texts(how).items())


def _in_store(before: Sequence[str]) -> Iterator[Candidate]:
    """Yield the actions on the store, or the keys behind one that takes some."""
    action = next((word for word in before if word in ACTIONS), None)
    if action is None:
        yield from ACTIONS.items()
    elif action in {"show", "why"}:
        store = Store(How().store)
        yield from ((path.name, s) for s in stages(store) for path in (store.root / s).glob(_KEYS))


def _values(key: str, before: Sequence[str], conf: Conf) -> Iterator[Candidate]:
    if key in {*GROUPS, EXPERIMENT}:
        yield from ((name, description(path)) for name, path in conf.choices(key).items())
        return
    group, _, name = key.rpartition(".")
    function = _function(group, before, conf) if group else how
    option = schema(function).get(name) if function else None
    for text in option.kind.literals() if option else ():
        yield text, ""


def _options(group: str, before: Sequence[str], conf: Conf) -> Iterator[Candidate]:
    function = _function(group, before, conf)
    if function is not None:
        texts = argument_texts(function)
        yield from ((f"{group}.{name}=", texts.get(name, "")) for name in schema(function))


def _function(group: str, before: Sequence[str], conf: Conf) -> Callable[..., object] | None:
    """Return the function of the choice that the other words make, or of the default."""
    import yaml

    if group not in GROUPS:
        return None
    written = [w.partition("=")[2] for w in before if w.startswith(f"{group}=")]
    choice = written[-1].split(",")[0] if written else conf.defaults.get(group)
    path = conf.choices(group).get(choice or "")
    plugins = [w.partition("=")[2].strip("[]") for w in before if w.startswith("machine.plugins=")]
    try:
        target = yaml.safe_load(path.read_text(encoding="utf-8"))["_target_"] if path else ""
        return resolve(str(target), group, ",".join(plugins).split(","))
    except (ConfigError, OSError, TypeError, KeyError, ValueError, yaml.YAMLError):
        return None  # Tab is no place for an error; the command tells it

"""The command: which verb is meant, and how what goes wrong is told."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coralexp.cli.verbs import DEFAULT_VERB, TAKES_OVERRIDES, VERBS
from coralexp.errors import ConfigError, CoralexpError, Problem
from coralexp.pipeline.interrupts import Terminated, terminate_on_sigterm
from coralexp.spec.suggestions import unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXIT_BUG = 1
_EXIT_SIGNAL = 128  # a shell's convention: 128 + the number of the signal
_INFO_TOPICS = ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")
_CFG_TOPICS = ("job", "all")


@dataclass
class CommandLine:
    """What was asked of the command itself.

    Attributes:
        verb: A key of `VERBS`.
        args: What the verb gets. Folders of `--config-dir` come as `--config-dir=DIR`, one word
            each, which `coralexp.spec.compose.parse` and `coralexp.spec.stored` understand.
        help: Whether help is asked for.
        version: Whether the version is asked for.
        cfg: `job` or `all`, if the configuration is to be printed.
        info: A topic, if the way the configuration came about is to be printed.
    """

    verb: str = DEFAULT_VERB
    args: list[str] = field(default_factory=list)
    help: bool = False
    version: bool = False
    cfg: str | None = None
    info: str | None = None


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: Words behind the program's name; those of this process if None.

    Returns:
        Exit status: 0; 1 if a job failed; 2 for a wrong request; 130 after Ctrl-C; 143 after
        SIGTERM.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    verbose = any(arg.lower().lstrip("+") == "verbose=true" for arg in args)
    try:
        with terminate_on_sigterm():
            status = _dispatch(read_command_line(args))
            sys.stdout.flush()
            return status
    except CoralexpError as error:
        return _tell(str(error), error.exit_status, verbose=verbose)
    except KeyboardInterrupt:
        return _tell("interrupted", _EXIT_SIGNAL + signal.SIGINT, verbose=verbose)
    except Terminated:
        return _tell("terminated", _EXIT_SIGNAL + signal.SIGTERM, verbose=verbose)
    except BrokenPipeError:
        # Whoever read the output, such as `head`, has enough. Python flushes once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _EXIT_SIGNAL + int(getattr(signal, "SIGPIPE", 13))
    except Exception as error:  # noqa: BLE001 - the last place to tell it in words
        hint = "" if verbose else "; add verbose=true to see where"
        text = f"{type(error).__name__}: {error} (this is a bug of coralexp{hint})"
        return _tell(text, _EXIT_BUG, verbose=verbose)


def read_command_line(args: Sequence[str]) -> CommandLine:
    """Tell the verb and the flags of the command itself from what the verb gets.

    Raises:
        ConfigError: If a word is no verb, or a flag lacks its value.
    """
    line = CommandLine()
    if list(args[:2]) == ["completion", "--query"]:  # the rest are words of another command
        return CommandLine("completion", list(args[1:]))
    rest = list(args)
    verb = ""
    while rest:
        arg = rest.pop(0)
        flag, _, value = arg.partition("=")
        shows = (verb or DEFAULT_VERB) in TAKES_OVERRIDES
        if arg in {"-h", "--help"}:
            line.help = True
        elif arg == "--version":
            line.version = True
        elif arg in {"-m", "--multirun"}:
            continue
        elif flag in {"-cd", "--config-dir"}:
            line.args.append(f"--config-dir={value or _next(rest, flag)}")
        elif shows and flag in {"-c", "--cfg"}:
            line.cfg = _topic(value or _next(rest, flag), _CFG_TOPICS, flag)
        elif shows and flag in {"-i", "--info"}:
            given = value or (rest.pop(0) if rest and rest[0] in _INFO_TOPICS else "all")
            line.info = _topic(given, _INFO_TOPICS, flag)
        elif not verb and arg and "=" not in arg and arg[0] not in "-+~":
            verb = _topic(arg, tuple(VERBS), "")
        else:
            line.args.append(arg)
    line.verb = verb or DEFAULT_VERB
    return line


def _dispatch(line: CommandLine) -> int:
    if line.version:
        from coralexp.cli.help import version

        sys.stdout.write(f"coralexp {version()}\n")
        return 0
    shows = line.verb in TAKES_OVERRIDES
    if line.help and shows:
        from coralexp.cli.help import print_help

        print_help(line.args)
        return 0
    if line.help:
        line.args.append("--help")
    elif shows and (line.cfg or line.info):
        from coralexp.cli.show import print_config, print_info

        if line.cfg:
            print_config(line.args, everything=line.cfg == "all")
        if line.info:
            print_info(line.args, line.info)
        return 0
    verb = importlib.import_module(f"coralexp.cli.{line.verb.replace('-', '_')}")
    status: int = verb.main(line.args)
    return status


def _next(rest: list[str], flag: str) -> str:
    if not rest:
        raise ConfigError([Problem(flag, "a value is needed")])
    return rest.pop(0)


def _topic(word: str, known: Sequence[str], flag: str) -> str:
    if word in known:
        return word
    what = "topic" if flag else "verb"
    text = f"{word!r}: {unknown(what, word, known)}"
    if not flag:
        text += " A setting is written key=value; `coralexp --help` lists the keys."
    raise ConfigError([Problem(flag, text)])


def _tell(text: str, status: int, *, verbose: bool) -> int:
    if verbose:
        traceback.print_exc()
    sys.stderr.write(f"coralexp: {text}\n")
    return status

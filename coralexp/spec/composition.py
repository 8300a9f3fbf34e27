"""Hydra, asked once for each distinct set of choices."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from coralexp.errors import ConfigError, Problem
from coralexp.spec.folders import PRIMARY, Conf

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_Choices = tuple[tuple[str, str], ...]
_State = tuple[tuple[str, int, int], ...]  # path, time of the last change in ns, bytes of each file

EXPERIMENT = "experiment"  # a group of differences from the defaults, not of parts
# Hydra's settings of logs, help and launching have no effect here: a quarter of its time saved.
_UNUSED = tuple(
    f"~hydra/{group}"
    for group in ("env", "help", "hydra_help", "hydra_logging", "job_logging", "launcher", "output")
)


@dataclass(frozen=True)
class Composed:
    """What the YAML files say for one set of choices.

    Attributes:
        tree: Groups and top-level keys, interpolations unresolved. Not to be changed.
        choices: Group names to choices, those of the defaults list included.
        params: Keys to sweeps that the files ask for: `hydra.sweeper.params` of an experiment.
    """

    tree: Mapping[str, Any]
    choices: Mapping[str, str]
    params: Mapping[str, str]


_KNOWN: dict[tuple[_State, _Choices], Composed] = {}


@dataclass
class Composer:
    """Composes, and remembers for as long as no file changes."""

    conf: Conf
    _failed: dict[_Choices, ConfigError] = field(default_factory=dict)

    def __call__(self, choices: Mapping[str, str]) -> Composed:
        """Return what the YAML files say.

        Args:
            choices: Group names to names of YAML files that exist; the defaults list has the rest.

        Raises:
            ConfigError: If a file cannot be read, or the files do not fit together.
        """
        wanted = tuple(choices.items())
        if wanted in self._failed:
            raise self._failed[wanted]
        key = (self._state, wanted)
        if key not in _KNOWN:
            try:
                _KNOWN[key] = self._compose(choices)
            except ConfigError as error:
                self._failed[wanted] = error
                raise
        return _KNOWN[key]

    @cached_property
    def _state(self) -> _State:
        paths = (path for folder in self.conf.folders for path in folder.rglob("*.yaml"))
        files = ((str(path), path.stat()) for path in paths)
        return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in files)

    def _compose(self, choices: Mapping[str, str]) -> Composed:
        import yaml
        from hydra.errors import HydraException
        from omegaconf.errors import OmegaConfBaseException

        try:
            return self._read_files(choices)
        except yaml.YAMLError as error:
            raise ConfigError([Problem("", _yaml_text(error))]) from error
        except (HydraException, OmegaConfBaseException, ValueError, OSError) as error:
            told = str(error) or str(error.__cause__)  # Hydra wraps without a word
            text = " ".join(told.split("Config search path:")[0].split())
            raise ConfigError(
                [Problem("", f"the YAML files do not fit together: {text}")]
            ) from error

    def _read_files(self, choices: Mapping[str, str]) -> Composed:
        from hydra import compose
        from omegaconf import OmegaConf, open_dict

        from coralexp.spec.search_path import hydra_searching

        with hydra_searching(self.conf.folders):
            written = [*self._written(choices), *_UNUSED]
            config = compose(PRIMARY, written, return_hydra_config=True)
        chosen = OmegaConf.to_container(config.hydra.runtime.choices)
        params = OmegaConf.to_container(config.hydra.sweeper, resolve=False)
        with open_dict(config):
            del config["hydra"]
        tree: Any = OmegaConf.to_container(config, resolve=False)
        return Composed(tree, dict(_own(chosen)), dict(_own(_params(params))))

    def _written(self, choices: Mapping[str, str]) -> Iterator[str]:
        for group, choice in choices.items():
            # The group of experiments is not in the defaults list, unless the user's own names it.
            adds = group == EXPERIMENT and EXPERIMENT not in self.conf.defaults
            yield f"{'+' if adds else ''}{group}={_quoted(choice)}"


def _own(pairs: Any) -> Iterator[tuple[str, str]]:
    for key, value in pairs.items():
        if value is not None and not str(key).startswith("hydra/"):
            yield str(key), str(value)


def _params(sweeper: Any) -> Mapping[str, Any]:
    return (isinstance(sweeper, dict) and sweeper.get("params")) or {}


def _quoted(text: str) -> str:
    from hydra.core.override_parser.types import Quote, QuotedString

    return QuotedString(text, Quote.single).with_quotes()


def _yaml_text(error: Any) -> str:
    mark = getattr(error, "problem_mark", None)
    reason = getattr(error, "problem", None) or str(error)
    if mark is None:
        return f"a YAML file cannot be read: {reason}"
    return f"{mark.name}, line {mark.line + 1}, column {mark.column + 1}: {reason}"

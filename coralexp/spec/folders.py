"""Where YAML files lie: the user's folders first, then those that travel with the package."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PRIMARY = "config"  # config.yaml holds the defaults list


@dataclass(frozen=True)
class Conf:
    """Folders of YAML files, a subfolder a group, a file a choice.

    Attributes:
        folders: Searched in this order; the first that has a file wins.
    """

    folders: tuple[Path, ...]

    def choices(self, group: str) -> dict[str, Path]:
        """Return the choices of a group, by name, each with the file that wins."""
        found: dict[str, Path] = {}
        for folder in self.folders:
            for path in (folder / group).glob("*.yaml"):
                found.setdefault(path.stem, path)
        return dict(sorted(found.items()))

    @property
    def primary(self) -> Path | None:
        """The `config.yaml` that wins."""
        paths = (folder / f"{PRIMARY}.yaml" for folder in self.folders)
        return next((path for path in paths if path.is_file()), None)

    @cached_property
    def defaults(self) -> Mapping[str, str | None]:
        """Groups to choices, as the defaults list of `config.yaml` says; empty if it is damaged."""
        import yaml

        if self.primary is None:
            return {}
        try:
            content: Any = yaml.safe_load(self.primary.read_text(encoding="utf-8"))
            entries = content["defaults"]
        except (OSError, ValueError, TypeError, KeyError, yaml.YAMLError):
            return {}  # composing it tells what is wrong
        return {
            str(group).split()[-1]: None if choice is None else str(choice)
            for entry in entries
            if isinstance(entry, dict)
            for group, choice in entry.items()
        }


def find_conf(extra: Sequence[Path] = (), user_conf: Path | None = None) -> Conf:
    """Return the folders of a command.

    Args:
        extra: Folders of `--config-dir`, searched first.
        user_conf: The user's own folder, searched next; `conf` in the working folder if None.
    """
    own = Path("conf") if user_conf is None else user_conf
    folders: list[Path] = []
    for folder in (*extra, own, packaged_conf()):
        full = folder.expanduser().resolve()
        if full.is_dir() and full not in folders:  # in a checkout ./conf is the packaged one
            folders.append(full)
    return Conf(tuple(folders))


def packaged_conf() -> Path:
    """Return the folder of the package: inside it in a wheel, beside it in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


def description(path: Path) -> str:
    """Return the first sentence or line of a YAML file's opening comment; empty if it has none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return ""
    for line in lines:
        if not line.startswith("#"):
            return ""
        text = line.lstrip("# ").strip()
        if text and not text.startswith("@package"):
            return text
    return ""

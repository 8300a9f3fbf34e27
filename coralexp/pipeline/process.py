"""Stages in child processes: started ahead of time, listened to, and never left behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from coralexp.artifacts.progress import Progress, Step
from coralexp.boards.failures import NoBoardError
from coralexp.errors import StageError

if TYPE_CHECKING:
    from types import TracebackType

    from coralexp.pipeline.messages import Answer, ExportOrder, StageOrder


@dataclass
class Workers:
    """Processes that carry out stages; use it as a context manager.

    Attributes:
        logs: Folder for what libraries print; a file of a stage that succeeded is removed.
        verbose: Whether that goes to the terminal instead, and tracebacks with it.
    """

    logs: Path
    verbose: bool = False
    _spare: subprocess.Popen[str] | None = field(default=None, init=False)
    _log: dict[int, Path] = field(default_factory=dict, init=False)
    _running: list[subprocess.Popen[str]] = field(default_factory=list, init=False)
    _ended: bool = field(default=False, init=False)
    _guard: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._spare is not None:
            self._end(self._spare)
            self._forget(self._spare)

    def carry_out(
        self,
        order: StageOrder | ExportOrder,
        progress: Progress,
        *,
        tensorflow: bool,
        another_follows: bool = False,
    ) -> int | None:
        """Have a stage done.

        Args:
            order: What to do.
            progress: Hears how far it is.
            tensorflow: Whether the process imports TensorFlow.
            another_follows: Whether a later stage will import it: its process starts at once, and
                waits.

        Returns:
            Peak memory of the process in bytes, if known.

        Raises:
            StageError: If the work failed; the text says why.
            NoBoardError: If it failed because no board was to be had.
            OSError: If it failed for want of disk space or of permission.
        """
        with self._guard:
            if tensorflow and self._spare is not None:
                process, self._spare = self._spare, None
            else:
                process = self._start(tensorflow=tensorflow)
            if another_follows and self._spare is None:
                self._spare = self._start(tensorflow=True)
            self._running.append(process)
            if self._ended:
                process.kill()
        try:
            answer = self._converse(process, order, progress)
            process.wait()
            _close(process)
        except BaseException:
            # Ctrl-C, say: the process must not write into a folder that is about to be removed.
            self._end(process)
            self._forget(process)
            raise
        finally:
            self._running.remove(process)
        if "done" in answer:
            self._forget(process)
            return answer["done"]
        if "errno" in answer:
            self._forget(process)
            raise OSError(answer["errno"], os.strerror(answer["errno"]))
        if answer.get("no_board"):
            self._forget(process)
            raise NoBoardError(answer["failed"])
        raise StageError(
            self._reason(process, order["stage"] if order["kind"] == "stage" else "export", answer)
        )

    def end_all(self) -> None:
        """End every process; called in another thread than those that wait for them."""
        with self._guard:
            self._ended = True
            for process in self._running:
                process.kill()

    def _start(self, *, tensorflow: bool) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "coralexp.pipeline.worker"]
        command += ["--tensorflow"] * tensorflow + ["--quiet"] * (not self.verbose)
        environment = dict(os.environ)
        if not self.verbose:
            environment["TF_CPP_MIN_LOG_LEVEL"] = "2"
        log: IO[str] | None = None
        if not self.verbose:
            self.logs.mkdir(parents=True, exist_ok=True)
            number, name = tempfile.mkstemp(suffix=".log", dir=self.logs)
            path = Path(name)
            log = os.fdopen(number, "w", encoding="utf-8", errors="replace")
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                env=environment,
                start_new_session=True,  # Ctrl-C is for the parent, which ends its children itself
            )
        finally:
            if log is not None:
                log.close()
        if not self.verbose:
            self._log[process.pid] = path
        return process

    def _converse(
        self, process: subprocess.Popen[str], order: StageOrder | ExportOrder, progress: Progress
    ) -> Answer:
        """Give the order; pass on how far it is; return the last answer, empty if there is none."""
        if process.stdin is None or process.stdout is None:
            raise StageError("the process has no pipes")
        try:
            process.stdin.write(json.dumps(order) + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            return {}
        for line in process.stdout:
            message: Answer = json.loads(line)
            if "step" not in message:
                return message
            progress(Step(**message["step"]))
        return {}

    def _reason(self, process: subprocess.Popen[str], stage: str, answer: Answer) -> str:
        """Return why a stage failed, in words for the user."""
        if answer and "traceback" not in answer:
            self._forget(process)
            return answer["failed"]
        log = self._log.get(process.pid)
        if answer:
            if self.verbose:
                sys.stderr.write(answer["traceback"])
            elif log is not None:
                with log.open("a", encoding="utf-8") as file:
                    file.write(answer["traceback"])
            what = answer["failed"]
        elif process.returncode == -signal.SIGKILL:
            what = "its process was killed, most likely because memory ran out"
        else:
            what = f"its process ended with status {process.returncode}"
        where = f"; what it printed is in {log}" if log is not None else ""
        return f"stage {stage}: {what}{where} (verbose=true shows it)"

    def _end(self, process: subprocess.Popen[str]) -> None:
        if process.poll() is None:
            process.kill()  # drafts are removed by the store, so nothing needs a gentle end
        process.wait()
        _close(process)

    def _forget(self, process: subprocess.Popen[str]) -> None:
        """Remove what the process printed: nobody will ask."""
        log = self._log.pop(process.pid, None)
        if log is not None:
            with contextlib.suppress(OSError):  # gone, or the store has become read-only
                log.unlink()


def _close(process: subprocess.Popen[str]) -> None:
    """Close the pipes of a process that has ended."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):  # what was still to be written is lost
                pipe.close()

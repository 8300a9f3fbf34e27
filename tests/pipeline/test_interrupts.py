"""SIGTERM as an exception."""

from __future__ import annotations

import signal
import threading

import pytest

from coralexp.pipeline.interrupts import Terminated, terminate_on_sigterm


def test_sigterm_is_raised_once_and_a_second_one_lets_the_first_finish() -> None:
    before = signal.getsignal(signal.SIGTERM)

    def be_ended_twice() -> None:
        with terminate_on_sigterm():
            try:
                signal.raise_signal(signal.SIGTERM)
            finally:
                signal.raise_signal(signal.SIGTERM)

    with pytest.raises(Terminated):
        be_ended_twice()

    assert signal.getsignal(signal.SIGTERM) is before


def test_no_except_clause_for_errors_catches_it() -> None:
    assert not issubclass(Terminated, Exception)


def test_outside_the_main_thread_nothing_is_set() -> None:
    inside: list[object] = []

    def work() -> None:
        with terminate_on_sigterm():
            inside.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert inside == [before]

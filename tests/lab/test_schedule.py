from dataclasses import replace

import pytest

from annlab.lab.jobs import Job
from annlab.lab.schedule import Schedule


def job(number, **options):
    return Job("toy", 1, {"number": number}, (0,), **options)


def numbers(jobs):
    return [job.params["number"] for job in jobs]


def drained(schedule, threads=1, fails=()):
    """Jobs in the order they are taken, one at a time."""
    order = []
    while (taken := schedule.take(threads)) is not None:
        order.append(taken)
        schedule.finish(taken, taken.params["number"] not in fails)
    return numbers(order)


def test_the_unknown_and_the_longest_come_first_and_equals_in_order():
    schedule = Schedule()
    for number, seconds in enumerate([1.0, 5.0, None, 5.0]):
        schedule.add(job(number), seconds, set())
    assert drained(schedule) == [2, 1, 3, 0]


def test_a_job_is_held_once():
    schedule = Schedule()
    for _ in range(2):
        schedule.add(job(0), None, set())
    assert len(schedule) == 1
    taken = schedule.take(1)
    schedule.add(job(0), None, set())
    assert len(schedule) == 1
    schedule.finish(taken, True)
    assert len(schedule) == 0


def test_needs_come_first_however_short():
    schedule = Schedule()
    schedule.add(job(0), 9.0, {job(1).key, job(2).key})
    schedule.add(job(1), 1.0, {job(2).key})
    schedule.add(job(2), 0.1, set())
    assert drained(schedule) == [2, 1, 0]


def test_a_failure_takes_along_all_that_waits_for_it():
    schedule = Schedule()
    schedule.add(job(0), 1.0, set())
    schedule.add(job(1), 1.0, {job(0).key})
    schedule.add(job(2), 1.0, {job(1).key, job(0).key})
    schedule.add(job(3), 1.0, set())
    assert numbers(schedule.finish(schedule.take(1), False)) == [1, 2]
    assert numbers(schedule) == [3]


@pytest.mark.parametrize("timed_first", [True, False])
def test_timed_jobs_run_alone_after_all_others(timed_first):
    schedule = Schedule()
    jobs = [job(0, timed=True), job(1), job(2, timed=True)]
    for one in jobs if timed_first else reversed(jobs):
        schedule.add(one, None, set())
    usual = schedule.take(4)
    assert usual.params["number"] == 1
    assert schedule.take(3) is None
    schedule.finish(usual, True)
    assert schedule.take(4).timed
    assert schedule.take(4) is None


def test_nothing_starts_beside_a_timed_job():
    schedule = Schedule()
    schedule.add(job(0, timed=True), None, set())
    schedule.take(2)
    schedule.add(job(1), None, set())
    assert schedule.take(2) is None


def test_threads_are_counted_and_one_job_may_always_run():
    schedule = Schedule()
    wide = replace(job(0), threads=2)
    schedule.add(wide, 9.0, set())
    schedule.add(job(1), 1.0, set())
    assert schedule.take(1) == wide  # nothing runs
    assert schedule.take(-1) is None
    assert schedule.take(1) == job(1)

from __future__ import annotations

import os
import signal
import socket
import sys
from dataclasses import replace
from types import SimpleNamespace

import fake_jobs
import pytest

from embodied.errors import MissingDependencyError, UsageError
from embodied.suite.cluster import Cluster, _keep, _perform_there, connected
from embodied.suite.fingerprint import installed
from embodied.suite.record import read_record
from embodied.suite.running import plan_suite, run_suite


class LostError(Exception):
    pass


class RaisedError(Exception):
    cause = UsageError("no such model\ntraceback: of Ray's")


class FakeRay:
    """Ray as far as suites use it: what is asked for is run when it is waited for, the youngest first.

    Attributes:
        most: How many tasks there were at a time.
        cancelled: Those that were cancelled.
    """

    exceptions = SimpleNamespace(RayTaskError=RaisedError, RayError=LostError)

    def __init__(self, cpus=2.0, error=None):
        self.cpus, self.error, self.most, self.cancelled = cpus, error, 0, []
        self._given = []

    def remote(self, **options):
        assert options["max_retries"] == 0
        return lambda function: SimpleNamespace(remote=lambda *arguments: self._take(function, arguments))

    def _take(self, *given):
        self._given.append(given)
        return len(self._given) - 1

    def wait(self, references, **options):
        self.most = max(self.most, len(references))
        ready = references[-1:] if self.cpus else [each for each in references if each in self.cancelled]
        return ready, [each for each in references if each not in ready]

    def get(self, reference):
        if self.error or reference in self.cancelled:
            raise self.error or LostError
        function, arguments = self._given[reference]
        return function(*arguments)

    def cancel(self, reference):
        self.cancelled.append(reference)

    def cluster_resources(self):
        return {"CPU": self.cpus} if self.cpus else {}


@pytest.fixture
def jobs(settings):
    return plan_suite(replace(settings, numbers=(0, 1))).jobs


def expected(job):
    return installed(job.configuration.planner, job.configuration.controller)


@pytest.mark.parametrize(("workers", "most"), [(None, 4), (3, 3)])
def test_all_is_given_to_ray_at_once_unless_there_is_a_limit(jobs, workers, most):
    ray = FakeRay()
    records = list(Cluster(ray, workers).run_jobs(jobs, fake_jobs.steady))
    assert (ray.most, ray.cancelled) == (most, [])
    assert {record.key: record for record in records} == {job.key: read_record(job.record) for job in jobs}


def test_what_is_lost_is_infrastructure(jobs):
    records = list(Cluster(FakeRay(error=LostError()), None).run_jobs(jobs, fake_jobs.steady))
    assert {(record.verdict, record.reason) for record in records} == {("infrastructure", "lost_node")}
    assert all(job.record.exists() for job in jobs)


def test_nobody_waits_for_a_cluster_without_nodes(jobs):
    records = list(Cluster(FakeRay(cpus=0.0), None).run_jobs(jobs, fake_jobs.steady))
    assert {(record.verdict, record.reason) for record in records} == {("infrastructure", "lost_node")}


def test_what_no_episode_can_mend_ends_the_suite_and_cancels_the_others(jobs):
    ray = FakeRay(error=RaisedError())
    with pytest.raises(UsageError, match=r"^on the cluster: no such model$"):
        list(Cluster(ray, None).run_jobs(jobs, fake_jobs.steady))
    assert len(ray.cancelled) == len(jobs) - 1


def test_a_closed_run_cancels_what_is_under_way(jobs):
    ray = FakeRay()
    running = Cluster(ray, None).run_jobs(jobs, fake_jobs.steady)
    next(running)
    running.close()
    assert len(ray.cancelled) == len(jobs) - 1


def test_a_node_with_another_program_or_version_is_refused_and_named(jobs):
    other = expected(jobs[0]) | {"program": "0123456789abcdef"}
    with pytest.raises(UsageError, match=f"node {socket.gethostname()} .* program: here '0123456789abcdef', there '"):
        _perform_there(jobs[0], fake_jobs.steady, other)


def test_the_version_of_ray_and_of_the_system_may_be_any(jobs, monkeypatch):
    here = expected(jobs[0])
    monkeypatch.setattr("embodied.suite.fingerprint.versions", lambda: here["versions"] | {"ray": "1", "platform": "x"})
    assert expected(jobs[0]) == here


def test_an_episode_comes_back_with_all_its_files_and_leaves_none_there(jobs, tmp_path, monkeypatch):
    (tmp_path / "node").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "node"))
    record, files = _perform_there(jobs[0], fake_jobs.steady, expected(jobs[0]))
    assert list((tmp_path / "node").iterdir()) == []
    assert not jobs[0].directory.exists()
    _keep(jobs[0], record, files)
    assert (jobs[0].directory / "episode.jsonl").read_text().startswith('{"index": 0}')
    assert read_record(jobs[0].record) == record


def test_a_crash_comes_back_with_its_log(jobs):
    crashed = next(job for job in jobs if job.number == 1)
    record, files = _perform_there(crashed, fake_jobs.crashes, expected(crashed))
    _keep(crashed, record, files)
    assert (record.verdict, record.reason) == ("infrastructure", "crash")
    assert "Segmentation fault" in crashed.log.read_text()


@pytest.mark.parametrize("address", ["cluster", "auto", ":6379", "10.0.0.1:", "ray://10.0.0.1:port"])
def test_an_address_without_host_or_port_is_unusable(settings, address):
    with pytest.raises(UsageError, match="HOST:PORT"):
        run_suite(replace(settings, ray=address))
    assert not settings.out.exists()


@pytest.mark.parametrize("address", ["127.0.0.1:1", "no.such.host.invalid:6379", "127.0.0.1:70000"])
def test_an_address_at_which_nobody_answers_is_unusable_and_nothing_is_begun(settings, address):
    with pytest.raises(UsageError, match=f"--ray {address}: nobody answers"):
        run_suite(replace(settings, ray=address))
    assert not settings.out.exists()


def test_without_ray_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    environment, handler = dict(os.environ), signal.getsignal(signal.SIGTERM)
    with socket.create_server(("127.0.0.1", 0)) as server:
        with pytest.raises(MissingDependencyError, match=r"ray is not installed; .*embodied-kitchen\[ray\]"):
            connected(f"127.0.0.1:{server.getsockname()[1]}", None).__enter__()
    assert (dict(os.environ), signal.getsignal(signal.SIGTERM)) == (environment, handler)

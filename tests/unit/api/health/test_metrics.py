"""Prometheus metrics: bounded labels."""

from naosu.api.context import ProcessInfo
from naosu.api.health.metrics import LABEL_VALUES_MAX, bounded, process_metrics


def test_so_many_label_values_are_kept_and_the_rest_is_summed():
    values = {f"reason_{number:03}": 1_000 - number for number in range(LABEL_VALUES_MAX + 2)}
    kept = bounded(values)
    assert len(kept) == LABEL_VALUES_MAX + 1
    assert kept["other"] == (1_000 - LABEL_VALUES_MAX) + (1_000 - LABEL_VALUES_MAX - 1)
    assert sum(kept.values()) == sum(values.values())


def test_few_label_values_stay_as_they_are():
    assert bounded({"a": 1, "b": 0}) == {"a": 1, "b": 0}


def test_processes_of_one_kind_are_one_series():
    processes = [ProcessInfo(name="digest", pid=pid, rss_bytes=10) for pid in (1, 2, 3)]
    samples = {
        (sample.name, sample.labels["process"]): sample.value
        for family in process_metrics(processes)
        for sample in family.samples
    }
    assert samples[("naosu_processes", "digest")] == 3
    assert samples[("naosu_process_resident_memory_bytes", "digest")] == 30

"""Many inputs: the memory does not grow with them, and the benchmarks of a backfill run."""

from evals.bench import kills, volume

FEWER = 20_000


def test_memory_does_not_grow_with_the_inputs(monkeypatch, capsys):
    monkeypatch.setattr(volume, "LONGEST_SCAN", 1_000)  # a goal for a machine that is idle
    assert volume.main(["--inputs", str(FEWER)])
    assert "20,000 inputs" in capsys.readouterr().out


def test_the_benchmark_of_kills_runs_and_its_figures_hold(capsys):
    assert kills.main(["--articles", "300", "--kills", "1", "--seconds", "0.5"])
    told = capsys.readouterr().out
    assert "1 of 1, ledgers damaged: 0" in told
    assert "300 of 300, in order: True" in told

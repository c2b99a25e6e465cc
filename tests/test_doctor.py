import pytest
from answering import answering, hosted, run

from extractor.exits import Exit


@pytest.fixture
def server(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with answering() as found:
        yield found


def test_doctor_says_what_answers(server):
    ready = run("doctor", *hosted(server))
    assert ready.exit_code == Exit.OK
    assert "ok  answers   yes" in ready.stdout
    server.models = ("other",)
    assert "does not list the model" in run("doctor", *hosted(server)).stdout


@pytest.mark.parametrize(
    ("status", "told"), [(401, "OPENAI_API_KEY"), (404, "/v1"), (503, "try again later")]
)
def test_doctor_says_what_to_do(server, monkeypatch, status, told):
    monkeypatch.setenv("OPENAI_API_KEY", "very-secret")
    server.status = status
    result = run("doctor", *hosted(server))
    assert result.exit_code == Exit.USAGE
    assert f"!!  answers   {status}: " in result.stdout
    assert told in result.stdout
    assert "very-secret" not in result.output


def test_doctor_says_that_nothing_answers():
    result = run("doctor", "--model", "m", "--base-url", "http://user:secret@127.0.0.1:9/v1")
    assert result.exit_code == Exit.USAGE
    assert "no answer from 127.0.0.1:9" in result.stdout
    assert "secret" not in result.output


def test_doctor_knows_a_file_that_is_no_model(tmp_path):
    (tmp_path / "x.gguf").write_bytes(b"text")
    result = run("doctor", "--model", tmp_path / "x.gguf")
    assert result.exit_code == Exit.USAGE
    assert "is no GGUF file" in result.stdout

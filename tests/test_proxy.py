"""A proxy that the environment names is used, but never for this machine's own addresses."""

import pytest
import replies as r
from scripted import Scripted

from extractor import Extractor
from extractor.settings import Settings
from extractor.transport import proxy_for

NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("address", "proxy"),
    [
        ("https://model.example/v1", "http://proxy.example:3128"),
        ("http://model.example/v1", None),
        ("https://spared.example/v1", None),
        ("https://127.0.0.1:8000/v1", None),
        ("https://localhost/v1", None),
        ("https://[::1]/v1", None),
    ],
)
def test_the_environment_names_the_proxy(address, proxy, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "spared.example")
    assert proxy_for(address) == proxy


def test_a_call_goes_through_the_proxy(monkeypatch):
    with Scripted(r.good) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.removesuffix("/v1"))
        settings = Settings("gpt-test", "http://model.example/v1", r.KEY, 20)
        with Extractor(settings) as extractor:
            assert extractor.extract(r.ARTICLE).claims
        assert len(proxy.requests) == 1


def test_a_server_on_this_machine_is_asked_directly(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # where nobody listens
    with Scripted(r.good) as server, Extractor(Settings("m", server.url, r.KEY, 20)) as extractor:
        assert extractor.extract(r.ARTICLE).claims

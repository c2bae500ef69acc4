from __future__ import annotations

import pytest
from pydantic import ValidationError

from bakeoff.settings import Settings


def settings(**values: object) -> Settings:
    return Settings(_env_file=None, **values)  # type: ignore[call-arg,arg-type]


@pytest.mark.parametrize(
    "rate", ["100 per minute", "5/second", "10 per second; 1000 per hour", "3 per 2 days"]
)
def test_a_rate_is_what_the_library_reads(rate: str) -> None:
    assert settings(rate_limit=rate).rate_limit == rate


@pytest.mark.parametrize(
    ("rate", "reason"),
    [
        ("many", "must look like"),
        ("100", "must look like"),
        ("100 per fortnight", "must look like"),
        ("0 per minute", "one request at least"),
        ("5 per minute; 7 per 60 seconds", "two limits for the same time"),
    ],
)
def test_a_rate_that_makes_no_sense_is_refused(rate: str, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        settings(rate_limit=rate)


def test_hosts_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEOFF_ALLOWED_HOSTS", "Shop.example, *.shop.example,[::1],10.0.0.1")
    assert settings().allowed_hosts == ["shop.example", "*.shop.example", "[::1]", "10.0.0.1"]


@pytest.mark.parametrize(
    "host", ["*", "shop.*", "*shop.example", "shop.example:8000", "https://shop.example", "a b"]
)
def test_a_host_that_could_match_nothing_or_everything_is_refused(host: str) -> None:
    with pytest.raises(ValidationError, match="each must look like"):
        settings(allowed_hosts=host)


def test_limits_on_rates_hosts_and_browsers_are_off_unless_they_are_set() -> None:
    made = settings()
    assert (made.rate_limit, made.allowed_hosts, made.security_headers) == (None, [], "off")


@pytest.mark.parametrize("proxies", ["*", " * ", "10.0.0.0/8", "127.0.0.1, ::1", "fd00::/8"])
def test_proxies_are_addresses_and_networks_or_everybody(proxies: str) -> None:
    assert settings(forwarded_allow_ips=proxies).forwarded_allow_ips in (proxies, "*")


@pytest.mark.parametrize(
    "proxies", ["10.0.0.1/8", "proxy", "localhost", "10.0.0.*", "*,10.0.0.1", "127.0.0.1,", "::g"]
)
def test_a_proxy_that_would_never_be_believed_is_refused(proxies: str) -> None:
    with pytest.raises(ValidationError, match="each must be an address"):
        settings(forwarded_allow_ips=proxies)

"""What the API is told: keys travel over https alone, and none is ever shown."""

import pytest
from pydantic import SecretStr, ValidationError

from tests.serving.conftest import settings

KEY = "sk_test_never_to_be_seen"


@pytest.mark.parametrize("url", ["http://clerk.example.com/v1", "ftp://127.0.0.1", "https:///v1", "clerk"])
def test_the_secret_key_is_sent_over_https_or_within_this_machine(url: str) -> None:
    with pytest.raises(ValidationError, match="ROUTIQ_CLERK_API_URL"):
        settings(clerk_secret_key=KEY, clerk_api_url=url)
    assert settings(clerk_api_url=url).clerk_secret_key is None  # without a key nothing is sent


@pytest.mark.parametrize("url", ["https://api.clerk.com/v1", "http://127.0.0.1:8092/v1", "http://[::1]/v1"])
def test_these_may_have_it(url: str) -> None:
    assert settings(clerk_secret_key=KEY, clerk_api_url=url).clerk_secret_key == SecretStr(KEY)


def test_an_empty_key_is_none_and_no_key_is_shown() -> None:
    assert settings(clerk_secret_key="").clerk_secret_key is None
    assert KEY not in repr(settings(clerk_secret_key=KEY))

"""Where the commands under test find their warehouse."""

from pathlib import Path

import pytest

from warehouse.settings import SECRET_NAMES, Settings


@pytest.fixture
def settings(warehouse: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The environment that leads `routiq` to the test's own warehouse."""
    for name in SECRET_NAMES:
        secret = getattr(warehouse, name.removeprefix("ROUTIQ_").lower()).get_secret_value()
        monkeypatch.setenv(name, secret)
    home = tmp_path / "home"
    monkeypatch.setenv("ROUTIQ_HOME", str(home))
    monkeypatch.setenv("ROUTIQ_POSTGRES_PORT", str(warehouse.postgres_port))
    monkeypatch.setenv("ROUTIQ_DATABASE_NAME", warehouse.database_name)
    monkeypatch.setenv("ROUTIQ_CLINIKO_RETRY_SECONDS", "0.01")
    monkeypatch.setenv("ROUTIQ_CLINIKO_REQUESTS_PER_MINUTE", "0")
    return warehouse.model_copy(update={"home": home})

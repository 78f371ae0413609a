"""Where settings come from, which of them wins, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ner_engine.errors import ConfigError
from ner_engine.service.settings import Settings, read_settings


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "service.toml"
    path.write_text(
        'port = 1\nmax_batch = 2\nlog_texts = true\n[models]\nchat = "ko-chat"\nnews = "/m/news"\n',
        encoding="utf-8",
    )
    return path


def test_each_source_outweighs_the_one_before(file):
    assert Settings().port == 8000
    assert read_settings(file).port == 1
    environment = {"NER_ENGINE_PORT": "2", "NER_ENGINE_MAX_BATCH": "3", "PATH": "/bin"}
    assert read_settings(file, environment=environment).port == 2
    both = read_settings(file, environment=environment, flags={"port": 3, "max_batch": None})
    assert (both.port, both.max_batch, both.log_texts) == (3, 3, True)
    assert both.models == (("chat", "ko-chat"), ("news", "/m/news"))
    assert both.default == "chat"


def test_the_environment_writes_lists_with_commas():
    found = read_settings(
        environment={
            "NER_ENGINE_MODELS": "ko-chat, news=/m/news,/m/own,ko-news@3",
            "NER_ENGINE_REGISTRY": "/srv/models",
            "NER_ENGINE_CORS_ORIGINS": "https://a.example,https://b.example:8443",
            "NER_ENGINE_LOG_TEXTS": "on",
            "NER_ENGINE_WINDOW_MS": "1",
        }
    )
    assert found.models == (
        ("ko-chat", "ko-chat"), ("news", "/m/news"), ("own", "/m/own"), ("ko-news", "ko-news@3"),
    )  # fmt: skip
    assert found.registry == "/srv/models"
    assert found.cors_origins == ("https://a.example", "https://b.example:8443")
    assert (found.log_texts, found.window_ms) == (True, 1.0)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("prot = 1", "unknown key 'prot'"),
        ('port = "1"', "port: expected a whole number"),
        ("port = true", "port: expected a whole number"),
        ("rules = [1]", "rules: expected a list of texts"),
        ("models = 3", "models: expected a table"),
        ("x", "expected TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name(tmp_path, line, message):
    path = tmp_path / "service.toml"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        read_settings(path)
    assert str(path) in str(error.value)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [("PROT", "1"), ("PORT", "many"), ("LOG_TEXTS", "perhaps"), ("WINDOW_MS", "x")],
)
def test_a_wrong_variable_is_refused_with_its_name(variable, value):
    with pytest.raises(ConfigError, match=f"NER_ENGINE_{variable}"):
        read_settings(environment={f"NER_ENGINE_{variable}": value})


@pytest.mark.parametrize(
    "values",
    [
        {"port": 70000}, {"workers": 0}, {"window_ms": 3.0}, {"window_ms": -1.0}, {"models": ()},
        {"models": (("a", "x"), ("a", "y"))}, {"models": (("a b", "x"),)}, {"default_model": "other"},
        {"cors_origins": ("*",)}, {"cors_origins": ("https://a.example/",)}, {"timezone": "Mars/Olympus"},
        {"log_level": "loud"}, {"rate_per_s": -1.0}, {"request_timeout_s": 0.0}, {"host": " "},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(values):
    with pytest.raises(ConfigError, match=next(iter(values))):
        Settings(**values)


def test_what_is_shown_reads_back_and_has_no_password(tmp_path, file):
    found = read_settings(file, flags={"database": "postgresql://bot:geheim@h/shop?sslpassword=geheim2"})
    shown = found.shown()
    assert "geheim" not in shown
    path = tmp_path / "shown.toml"
    path.write_text(shown, encoding="utf-8")
    again = read_settings(path, flags={"database": found.database})
    assert again == found


def test_what_other_commands_read_from_the_environment_is_no_setting():
    given = {"NER_ENGINE_BY": "서연", "NER_ENGINE_DB": "orders.db", "NER_ENGINE_FEEDBACK": "mine.db"}
    assert read_settings(environment=given) == replace(Settings(), feedback="mine.db")

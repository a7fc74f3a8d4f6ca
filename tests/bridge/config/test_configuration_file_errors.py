"""What is wrong with bridge.yaml is said with its line, and without any value."""

from pathlib import Path

import pytest

from tests.bridge.configuring import problems


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kenjo: {api_kye: x}", "kenjo.api_kye is not a setting; did you mean kenjo.api_key? (FILE, line 1)"),
        ("\nwebb: {}", "webb is not a setting; did you mean web? (FILE, line 2)"),
        ("kenjo_api_key: x", "kenjo_api_key is not a setting; did you mean kenjo.api_key? (FILE, line 1)"),
        ("log: {zzz: x}", "log.zzz is not a setting; there is: log.format, log.level (FILE, line 1)"),
        ("kenjo: {poll_interval: soon}", "kenjo.poll_interval must be a valid number (FILE, line 1)"),
        (
            "kenjo: {poll_interval: 0}",
            "kenjo.poll_interval must be greater than or equal to 1 (FILE, line 1)",
        ),
        ("kenjo: {poll_interval: inf}", "kenjo.poll_interval must be a finite number (FILE, line 1)"),
        ("kenjo: {base_url: [x]}", "kenjo.base_url must be text (FILE, line 1)"),
        ("kenjo: x", "kenjo must be a group of settings by name (FILE, line 1)"),
        ("encryption: {old_keys: x}", "encryption.old_keys must be a list (FILE, line 1)"),
        ("encryption:\n  old_keys:\n    - x\n    - [y]", "encryption.old_keys.1 must be text (FILE, line 4)"),
        (
            "log: {level: loud}",
            "log.level must be 'debug', 'info', 'warning' or 'error' (FILE, line 1)",
        ),
        ("timezone: Berlin", "timezone is not an IANA time zone such as Europe/Berlin (FILE, line 1)"),
        (
            "targets: {directory: scim}",
            "targets.directory must be a group of settings by name (FILE, line 1)",
        ),
        (
            "targets: {My Tool: {kind: scim}}",
            (
                "targets has the name 'My Tool', but a name must be 1 to 40 lower-case letters, digits,"
                " '-' or single '_', and start with a letter (FILE, line 1)"
            ),
        ),
        (
            "targets: {directory: {}}",
            (
                "targets.directory.kind is missing: set it in bridge.yaml or as"
                " KENJO_BRIDGE_TARGETS__DIRECTORY__KIND"
            ),
        ),
        (
            "data_dir: ~/state",
            (
                "data_dir must not start with ~, which only a shell replaces: write the whole path"
                " (FILE, line 1)"
            ),
        ),
        ("kenjo:\n  api_key: x\n  api_key: y", "kenjo.api_key is set twice (FILE, lines 2 and 3)"),
        (
            "~: x",
            (
                "None is not a setting; there is: allow, data_dir, encryption, kenjo, lead_days, log,"
                " lookups, notices, plan_lifetime, protected, redis, retry, shutdown_grace, targets,"
                " timezone, timezones, tracing, web"
            ),
        ),
        ("- kenjo", "FILE must hold settings by name, such as 'kenjo:', and not a list or text"),
        ("kenjo", "FILE must hold settings by name, such as 'kenjo:', and not a list or text"),
        (
            "web: {}\nkenjo: [",
            "FILE, line 2, is not YAML: expected the node content, but found '<stream end>'",
        ),
        (
            "web: {host: !x y}",
            (
                "FILE, line 1, is not YAML: could not determine a constructor for the tag"
                " (text that starts with * & or ! needs quotes)"
            ),
        ),
        ("a: \x07", "FILE holds a character that YAML does not allow"),
        (b"web: {host: \xff}", "FILE is not UTF-8 text (at byte 12)"),
    ],
)
def test_mistake_in_the_file_is_one_sentence(tmp_path: Path, text: str | bytes, expected: str) -> None:
    """Each mistake names the setting, what is wrong with it, and the line."""
    assert problems(tmp_path, text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "kenjo: {api_key: [s3cret]}",
        "kenjo: {api_key: *s3cret}",
        "kenjo: {api_key: !s3cret x}",
        "kenjo: {api_key: !s3!cret s3cret}",
        "kenjo: {api_key: &s3cret a, base_url: &s3cret}\nx: [",
        "kenjo: {api_key: @s3cret}",
        "kenjo: {api_key: %s3cret}",
        "kenjo: {api_key=s3cret}",
        "kenjo: {api_key: !!int s3cret}",
        "kenjo: {api_key: !!timestamp s3cret}",
        "kenjo: {api_key: !!python/name:s3cret x}",
        "kenjo: {api_key: 's3cret}",
        'kenjo: {api_key: "\\s3cret"}',
        "kenjo: s3cret",
        "web: {port: s3cret}",
        "log: {level: s3cret}",
        "encryption: {old_keys: {a: s3cret}}",
        "targets: {directory: {kind: {token: s3cret}}}",
        "targets: {directory: ['s3cret']}",
    ],
)
def test_no_message_shows_a_value(tmp_path: Path, text: str) -> None:
    """Neither a wrong value nor text that YAML could not read is repeated, nor pydantic's own words."""
    said = " ".join(problems(tmp_path, text))
    assert "s3cret" not in said
    assert "pydantic" not in said
    assert "input" not in said.lower()


@pytest.mark.parametrize("text", ["[" * 1000, "kenjo: &x {api_key: *x}", "targets: &x {a: *x}"])
def test_knotted_file_is_an_error_too(tmp_path: Path, text: str) -> None:
    """Text that is nested without end, or in itself, is refused like any other mistake."""
    assert problems(tmp_path, text)


@pytest.mark.parametrize("name", ["''", "Europe", "../UTC", "/usr/share/zoneinfo/UTC", "zone.tab", '"a\\0b"'])
def test_what_is_no_time_zone(tmp_path: Path, name: str) -> None:
    """Nothing, a folder, a path, another file, a name with a NUL == the sentence of any wrong zone."""
    (said,) = problems(tmp_path, f"timezone: {name}")
    assert said == "timezone is not an IANA time zone such as Europe/Berlin (FILE, line 1)"
    (said,) = problems(tmp_path, f"timezones: {{Berlin: {name}}}")
    assert said.startswith("timezones names for 'Berlin' no IANA time zone")

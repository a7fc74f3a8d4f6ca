"""The settings of several companies: where they stand, whose they are, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from bridge.config.companies import Companies, are_several, load_companies, load_company, stamp
from bridge.config.configuration import load_settings
from bridge.config.settings import BridgeSettings
from bridge.errors import ConfigurationError

COMMON = "redis: {url: redis://localhost/0}\nweb: {port: 9000}\nlog: {level: debug}\nshutdown_grace: 7\n"


def one(key: str) -> str:
    return (
        f"kenjo: {{api_key: {key}}}\ntargets: {{mail: {{kind: scim, base_url: https://{key}.example.com}}}}\n"
    )


def folder(where: Path, **files: str) -> Path:
    """A folder with a file for each company, and `bridge` for what is common."""
    for name, text in files.items():
        (where / f"{name}.yaml").write_text(text)
    return where


def inline(where: Path, **companies: str) -> Path:
    """One file with all companies."""
    parts = [f"  {name}: {{{text}}}\n" for name, text in companies.items()]
    (where / "bridge.yaml").write_text(f"{COMMON}accounts:\n{''.join(parts)}")
    return where / "bridge.yaml"


def of(companies: Companies, name: str) -> BridgeSettings:
    values = companies.by_name[name].values
    assert values, companies.by_name[name].problem
    return values


def test_each_has_its_own_and_shares_what_is_common(tmp_path: Path) -> None:
    """A folder of files == each company's own key, prefix, data folder and path, and the common rest."""
    found = load_companies(folder(tmp_path, bridge=COMMON, acme=one("a"), beta=one("b")), {})
    acme, beta = of(found, "acme"), of(found, "beta")
    assert acme.kenjo.api_key
    assert acme.kenjo.api_key.get_secret_value() == "a"
    assert [one.redis.prefix for one in (acme, beta)] == ["acme", "beta"]
    assert [one.data_dir for one in (acme, beta)] == [
        tmp_path / ".kenjo-bridge" / n for n in ("acme", "beta")
    ]
    assert [one.web.base_path for one in (acme, beta)] == ["/c/acme", "/c/beta"]
    assert (beta.redis.url, beta.web.port, beta.log.level, beta.shutdown_grace) == (
        found.common.redis.url, 9000, "debug", 7,
    )  # fmt: skip
    assert (acme.company, found.common.company) == ("acme", "")


def test_one_file_says_the_same(tmp_path: Path) -> None:
    """`accounts` of one file == the same settings as a file each, and another base for all prefixes."""
    path = inline(tmp_path, acme="kenjo: {api_key: a}", beta="")
    path.write_text(
        path.read_text().replace("/0}", "/0, prefix: ours}").replace("9000", "9000, base_path: /hr")
    )
    found = load_companies(path, {})
    assert of(found, "acme").redis.prefix == "ours-acme"
    assert of(found, "beta").web.base_path == "/hr/c/beta"
    assert load_company("acme", path, {}) == of(found, "acme")


@pytest.mark.parametrize(
    ("environ", "secrets"),
    [
        ({"KENJO_BRIDGE_ACCOUNTS__MY_FIRM__TARGETS__MY_MAIL__TOKEN": "t"}, {}),
        ({}, {"accounts__my_firm__targets__my_mail__token": "t\n"}),
        ({}, {"my-firm/targets__my_mail__token": "t\n"}),
    ],
)
def test_secrets_come_from_their_own_places(
    tmp_path: Path, environ: Mapping[str, str], secrets: Mapping[str, str]
) -> None:
    """A variable, a secret file or a folder of them with a company's name == that company's alone."""
    target = "targets: {my-mail: {kind: scim, base_url: https://x.example.com}}\n"
    config = tmp_path / "conf"
    config.mkdir()
    folder(config, **{"my-firm": target, "other": target})
    places = tmp_path / "secrets"
    (places / "my-firm").mkdir(parents=True)
    for name, text in secrets.items():
        (places / name).write_text(text)
    found = load_companies(config, {**environ, "KENJO_BRIDGE_SECRETS_DIR": str(places)})
    assert (of(found, "my-firm").targets["my-mail"].model_extra or {})["token"] == "t"
    assert "token" not in (of(found, "other").targets["my-mail"].model_extra or {})
    assert found.remarks == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("log: {level: info}", "log is one for all companies"),
        ("redis: {url: redis://elsewhere/0}", "redis.url is one for all companies"),
        ("web: {port: 1}", "web.port is one for all companies"),
        ("kenjo: {api_kee: x}", "kenjo.api_kee is not a setting; did you mean kenjo.api_key?"),
        ("kenjo: [", "is not YAML"),
        ("accounts: {}", "only bridge.yaml may have"),
        ("redis: {prefix: acme}", "redis.prefix is that of company acme"),
        (one("a"), "kenjo.api_key is that of company acme"),
        (
            "targets: {m: {kind: scim, base_url: 5}}\nkenjo: {timeout: no}",
            "kenjo.timeout must be a valid number",
        ),
    ],
)
def test_what_is_wrong_with_one_harms_no_other(tmp_path: Path, text: str, words: str) -> None:
    """A company whose settings are wrong == its own sentence, and the others' settings."""
    found = load_companies(folder(tmp_path, bridge=COMMON, acme=one("a"), beta=text, gamma=one("c")), {})
    assert found.by_name["beta"].values is None
    assert words in found.by_name["beta"].problem
    assert {name for name, company in found.by_name.items() if company.values} == {"acme", "gamma"}


def test_a_place_behind_sentinels_is_one_companys(tmp_path: Path) -> None:
    """Redis is told by its Sentinels alone == it is no private one, and no two have one prefix in it."""
    common = "redis: {sentinels: [s1:26379, s2:26379, s3:26379]}\n"
    taken = one("b") + "redis: {prefix: acme}\n"
    found = load_companies(folder(tmp_path, bridge=common, acme=one("a"), beta=taken), {})
    assert of(found, "acme").redis.sentinels
    assert "redis.prefix is that of company acme" in found.by_name["beta"].problem


def test_who_runs_keeps_what_is_theirs(tmp_path: Path) -> None:
    """A new company with the key of one that runs == the new one is refused, whatever their names."""
    found = load_companies(
        folder(tmp_path, bridge=COMMON, acme=one("a"), beta=one("a")), {}, running=["beta"]
    )
    assert found.by_name["beta"].values
    assert "that of company beta" in found.by_name["acme"].problem


def test_a_missing_setting_is_named_as_it_can_be_set(tmp_path: Path) -> None:
    """A target without its kind == the variable of this company's."""
    found = load_companies(folder(tmp_path, bridge=COMMON, beta="targets: {m: {}}"), {})
    assert "KENJO_BRIDGE_ACCOUNTS__BETA__TARGETS__M__KIND" in found.by_name["beta"].problem


@pytest.mark.parametrize(
    ("common", "words"),
    [
        ("kenjo: {api_key: a}", "kenjo stands beside the companies"),
        ("web: {users: {}}", "web.users stands beside the companies"),
        ("accounts: [acme]", "accounts must be a group"),
    ],
)
def test_what_is_common_must_be(tmp_path: Path, common: str, words: str) -> None:
    """Beside the companies something that each has for itself == a sentence."""
    with pytest.raises(ConfigurationError, match=words):
        load_companies(folder(tmp_path, bridge=common, acme=one("a")), {})


def test_what_is_nobodys_is_said(tmp_path: Path) -> None:
    """A name that is none, a company twice, a variable of nobody == a remark each, and the rest is read."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "accounts__gone__kenjo__api_key").write_text("x")
    files = {"bridge": "accounts: {acme: {}}", "acme": "", "Not_So": "", "beta": one("b")}
    environ = {
        "KENJO_BRIDGE_ACCOUNTS__LEFT__KENJO__API_KEY": "x",
        "KENJO_BRIDGE_SECRETS_DIR": str(tmp_path / "secrets"),
    }
    found = load_companies(folder(tmp_path, **files), environ)
    assert set(found.by_name) == {"acme", "beta"}
    said = "\n".join(found.remarks)
    assert all(word in said for word in ("acme.yaml", "Not_So.yaml", "LEFT", "accounts__gone"))


def test_the_single_form_is_what_it_was(tmp_path: Path) -> None:
    """One bridge's file == its settings; of several, a sentence that names them."""
    single, several = tmp_path / "one.yaml", inline(tmp_path, beta="", acme="")
    single.write_text(one("a"))
    assert (are_several(single, {}), are_several(several, {}), are_several(tmp_path, {})) == (
        False,
        True,
        True,
    )
    assert load_settings(single, {}).redis.prefix == "default"
    with pytest.raises(ConfigurationError, match=r"--company \(there is: acme, beta\)"):
        load_settings(several, {})
    with pytest.raises(ConfigurationError, match="has the settings of one"):
        load_company("acme", single, {})
    with pytest.raises(ConfigurationError, match=r"no company 'nope' .*\(there is: acme, beta\)"):
        load_company("nope", several, {})


def test_a_stamp_tells_of_every_change(tmp_path: Path) -> None:
    """A file that comes, changes, or goes, secrets included == another stamp each time."""
    config, secrets = tmp_path / "conf", tmp_path / "secrets" / "acme"
    config.mkdir()
    secrets.mkdir(parents=True)
    environ = {"KENJO_BRIDGE_SECRETS_DIR": str(secrets.parent)}
    stamps = [stamp(config, environ)]
    for act in (
        lambda: folder(config, acme=""),
        lambda: folder(config, acme="kenjo: {}"),
        lambda: (secrets / "kenjo__api_key").write_text("x"),
        lambda: (config / "acme.yaml").unlink(),
    ):
        act()
        assert stamp(config, environ) not in stamps
        stamps.append(stamp(config, environ))
    assert stamp(config, environ) == stamps[-1]

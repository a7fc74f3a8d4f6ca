"""Names of many scripts in ASCII."""

from __future__ import annotations

import unicodedata

import pytest

from tests.evaluating import value


@pytest.mark.parametrize(
    ("name", "ascii_"),
    [
        ("Ελένη Παπαδοπούλου", "Eleni Papadopoulou"),
        ("Γιώργος Ευαγγέλου Μπάμπης", "Giorgos Evangelou Bampis"),
        ("ΕΥΑΓΓΕΛΟΣ Αϋφαντής Ευθύμιος", "EVANGELOS Ayfantis Efthymios"),
        ("Щербаков ЩЕРБАКОВ Юлия Ольга", "Shcherbakov SHCHERBAKOV Yuliya Olga"),
        ("Łukasz Żółć Dąbrowska", "Lukasz Zolc Dabrowska"),
        ("Ġorġ Ħal Għawdex Żammit", "Gorg Hal Ghawdex Zammit"),
        ("Əliyev Məmməd", "Eliyev Memmed"),
        ("Çağrı İlhan Işık", "Cagri Ilhan Isik"),
        ("李明 김철수", "LiMing GimCheolSu"),
        ("محمد", "mhmd"),
        ("Åsa Ærø ÆRØ", "Asa Aero AERO"),
    ],
)
def test_names_of_many_scripts(name: str, ascii_: str) -> None:
    """Greek, Cyrillic, Polish, Maltese, Azeri, Turkish and others, composed or not == as in passports."""
    assert value("transliterate(person.x)", x=name) == ascii_
    assert value("transliterate(person.x)", x=unicodedata.normalize("NFD", name)) == ascii_


@pytest.mark.parametrize(
    ("language", "name", "ascii_"),
    [
        ("de", "Özgür Åström", "Oezguer Astroem"),
        ("tr", "Özgür Şahin", "Ozgur Sahin"),
        ("az", "Şükür Əliyev", "Sukur Eliyev"),
        ("sv", "Åsa Öberg", "Asa Oberg"),
        ("es", "Núñez Agüero", "Nunez Aguero"),
        ("da", "Åse Ørsted ØRSTED", "Aase Oersted OERSTED"),
        ("bg", "Щърков Димитър Юлия", "Shtarkov Dimitar Yuliya"),
        ("ru", "Юлия Объедков Сергей", "Iuliia Obieedkov Sergei"),
        ("sr", "Ђорђе Ћирић Џон", "Djordje Ciric Dzon"),
        ("uk", "Андрій Євген Юрій Згурський Мар'яна", "Andrii Yevhen Yurii Zghurskyi Mariana"),
    ],
)
def test_the_language_decides(language: str, name: str, ascii_: str) -> None:
    """ö as oe or o, щ as shch or sht == as the language has it."""
    assert value(f'transliterate(person.x, "{language}")', x=name) == ascii_


def test_slugs_have_a_language_too() -> None:
    """Özgür in Turkish == ozgur, and without a language oezguer."""
    assert value('slug(person.x, "tr")', x="Özgür") == "ozgur"
    assert value("slug(person.x)", x="Özgür") == "oezguer"

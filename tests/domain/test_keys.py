from __future__ import annotations

import pytest

from annotation.domain.keys import BadKey, Command, command_problems, label_keys, label_problems, parse_key, readable
from annotation.selectors.keys import commands


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("a", "a"),
        ("A", "A"),
        ("Shift+a", "A"),
        ("?", "?"),
        ("+", "+"),
        ("ctrl++", "Mod++"),
        (" ", " "),
        ("space", " "),
        ("ctrl+Left", "Mod+ArrowLeft"),
        ("Cmd + Shift + Z", "Mod+Shift+z"),
        ("shift+alt+→", "Alt+Shift+ArrowRight"),
        ("esc", "Escape"),
        ("Ж", "Ж"),
    ],
)
def test_a_typed_key_gets_the_name_the_page_gives_it(typed, name):
    assert parse_key(typed) == name


@pytest.mark.parametrize("name", [key for command in commands() for key in command.keys])
def test_every_standard_key_is_written_as_it_is_read(name):
    assert parse_key(name) == name


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("hello", "“hello” is no key"),
        ("hyper+a", "only Ctrl, Alt and Shift"),
        ("Ctrl+w", "Ctrl W belongs to the browser"),
        ("\x07", "is no key"),
    ],
)
def test_what_cannot_be_a_key_is_refused_with_the_reason(typed, message):
    with pytest.raises(BadKey, match=message):
        parse_key(typed)


def test_the_standard_keys_have_no_problems():
    assert command_problems({command.name: command.keys for command in commands()}, commands()) == {}


def test_a_key_of_two_commands_is_refused_at_both_naming_the_other():
    listed = [
        Command("skip", ("S",), "Skip it"),
        Command("undo", ("Mod+z",), "Undo"),
        Command("go", ("Enter",), "Go on"),
    ]
    found = command_problems({"skip": ["Mod+z"], "undo": ["Mod+z"], "go": ["Enter"]}, listed)
    assert found == {
        "skip": ["Ctrl Z is already the key of “Undo”."],
        "undo": ["Ctrl Z is already the key of “Skip it”."],
    }


def test_every_command_keeps_a_key_that_no_label_can_take():
    listed = [Command("skip", ("S",), "Skip it"), Command("nextMark", ("Tab",), "Next")]
    problem = command_problems({"skip": ["j", "7"], "nextMark": []}, listed)
    assert "must be other than a small letter or digit" in problem["skip"][0]
    assert problem["nextMark"] == ["A command needs a key."]
    assert command_problems({"skip": ["j", "J"], "nextMark": ["Tab"]}, listed) == {}


def test_tab_can_only_walk_so_that_one_can_always_leave_the_text():
    listed = [Command("skip", ("S",), "Skip it"), Command("nextMark", ("Tab",), "Next")]
    assert (
        "Tab also leaves the text" in command_problems({"skip": ["Shift+Tab"], "nextMark": ["Tab"]}, listed)["skip"][0]
    )


def test_two_labels_cannot_have_one_key_and_none_have_no_key():
    assert label_problems({"PER": "p", "ORG": "p", "LOC": "", "MISC": ""}) == {
        "PER": ["“p” is already the key of ORG."],
        "ORG": ["“p” is already the key of PER."],
    }
    assert "one small letter or digit" in label_problems({"PER": "P"})["PER"][0]


def test_an_own_label_key_goes_before_the_projects():
    assert label_keys({"PER": "p", "ORG": "o"}, {"PER": "o", "GONE": "x"}) == {"PER": "o", "ORG": ""}


def test_keys_read_as_people_write_them():
    assert [readable(key) for key in ("Mod+ArrowLeft", " ", "A", "a", "Mod++")] == [
        "Ctrl ←",
        "Space",
        "Shift A",
        "a",
        "Ctrl +",
    ]

/* Every command: its name, the keys it has unless somebody changes them, what it does. The list is
   plain JSON because the server reads it too (annotation/selectors/keys.py), for the page where
   people change their keys.

   Every command has a key no label can take (labels own single small letters and digits), so a
   project that uses "a" for a label loses a shortcut, never a command. */
export const COMMANDS = [
  {"name": "previous", "keys": ["ArrowLeft"], "text": "Word to the left", "repeats": true},
  {"name": "next", "keys": ["ArrowRight"], "text": "Word to the right", "repeats": true},
  {"name": "up", "keys": ["ArrowUp"], "text": "Line above", "repeats": true},
  {"name": "down", "keys": ["ArrowDown"], "text": "Line below", "repeats": true},
  {"name": "lineStart", "keys": ["Home"], "text": "First word of the line"},
  {"name": "lineEnd", "keys": ["End"], "text": "Last word of the line"},
  {"name": "nextName", "keys": ["."], "text": "Next words that look like a name, selected as one", "repeats": true},
  {"name": "previousName", "keys": [","], "text": "Previous words that look like a name", "repeats": true},
  {"name": "find", "keys": ["f", "/"], "text": "Then a letter: the next word that begins with it"},
  {"name": "findExtend", "keys": ["F"], "text": "Then a letter: extend the selection to the next word that begins with it"},
  {"name": "nextMark", "keys": ["Tab"], "text": "Next suggestion, or span when none is open"},
  {"name": "previousMark", "keys": ["Shift+Tab"], "text": "Previous suggestion or span"},
  {"name": "extendPrevious", "keys": ["Shift+ArrowLeft"], "text": "Extend the selection to the left", "repeats": true},
  {"name": "extendNext", "keys": ["Shift+ArrowRight"], "text": "Extend the selection to the right", "repeats": true},
  {"name": "characterPrevious", "keys": ["Alt+Shift+ArrowLeft"], "text": "Move the selection's edge one character left", "repeats": true},
  {"name": "characterNext", "keys": ["Alt+Shift+ArrowRight"], "text": "Move the selection's edge one character right", "repeats": true},
  {"name": "endRight", "keys": ["Alt+ArrowRight"], "text": "Move the span's end one word right", "repeats": true},
  {"name": "endLeft", "keys": ["Alt+ArrowLeft"], "text": "Move the span's end one word left", "repeats": true},
  {"name": "startLeft", "keys": ["Mod+ArrowLeft"], "text": "Move the span's start one word left", "repeats": true},
  {"name": "startRight", "keys": ["Mod+ArrowRight"], "text": "Move the span's start one word right", "repeats": true},
  {"name": "outward", "keys": ["w", "Alt+ArrowUp"], "text": "The next span at the caret, from the inside out, then the word alone"},
  {"name": "inward", "keys": ["Alt+ArrowDown"], "text": "The one before"},
  {"name": "split", "keys": ["c", "C"], "text": "Cut the span in two, before the word at the caret"},
  {"name": "same", "keys": ["e", "E"], "text": "Show every other place with the same words; again: label them all"},
  {"name": "remove", "keys": ["Delete", "Backspace"], "text": "Remove the span, or refuse the suggestion"},
  {"name": "accept", "keys": ["a", " "], "text": "Accept the suggestion at the caret and go to the next"},
  {"name": "acceptAll", "keys": ["A"], "text": "Accept all suggestions on screen"},
  {"name": "refuse", "keys": ["r", "R"], "text": "Refuse the suggestion at the caret"},
  {"name": "stronger", "keys": ["-"], "text": "Hide the weaker suggestions", "repeats": true},
  {"name": "weaker", "keys": ["+"], "text": "Show weaker suggestions too", "repeats": true},
  {"name": "undo", "keys": ["u", "Mod+z"], "text": "Undo", "repeats": true},
  {"name": "redo", "keys": ["Mod+y", "Mod+Shift+z"], "text": "Redo", "repeats": true},
  {"name": "clear", "keys": ["Escape"], "text": "Drop the selection and the held label"},
  {"name": "submit", "keys": ["Enter", "Mod+Enter"], "text": "Submit and open the next document"},
  {"name": "acceptAndSubmit", "keys": ["Shift+Enter"], "text": "Accept all suggestions on screen and submit"},
  {"name": "skip", "keys": ["s", "S"], "text": "Skip: it comes back later"},
  {"name": "reject", "keys": ["x", "X"], "text": "Reject: the text is unusable"},
  {"name": "definitions", "keys": ["d", "D"], "text": "Show or hide what the labels mean, beside the text"},
  {"name": "flag", "keys": ["!"], "text": "Flag the document, with a comment to the reviewer"},
  {"name": "help", "keys": ["?"], "text": "Show or hide this list"}
];

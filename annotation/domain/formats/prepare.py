"""From what a file says to what is to be stored, by the decisions of the person who imports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from annotation.domain.formats.base import Labels, ParsedDocument, Spans
from annotation.domain.spans import LabelledSpan, SpanOverlap, resolve_overlaps
from annotation.domain.text import Token, text_hash, tokenize
from daner_site.core.sentences import Sentence

LAYER_USES = {
    "annotator": Sentence("Annotator, kept apart"),
    "gold": Sentence("Gold, the final answer"),
    "skip": Sentence("Leave out"),
}


@dataclass(frozen=True)
class ImportOptions:
    """What was decided after the dry run.

    Attributes:
        with_labels: False imports the texts alone.
        label_map: label in the file → label in the project; "" leaves its spans out. A label
            that is not in the map keeps its name.
        create_labels: make project labels for names that are not there yet.
        layer_map: annotator in the file → a key of `LAYER_USES`; without an entry, "annotator".
        file_splits: follow the split that the file names, where it does.
        skip_errors: import the good rows although others are bad.
        longest: of spans that share words in a way the project does not allow, keep the longest;
            otherwise they are refused.
    """

    with_labels: bool = True
    label_map: dict[str, str] = field(default_factory=dict)
    create_labels: bool = False
    layer_map: dict[str, str] = field(default_factory=dict)
    file_splits: bool = True
    skip_errors: bool = False
    longest: bool = False


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A row as it is to be stored: tokens cut, labels mapped, layers sorted out."""

    source: ParsedDocument
    sha256: str
    tokens: tuple[Token, ...]
    split: str
    gold: Spans | None
    layers: Mapping[str, Spans]
    asked: Mapping[str, Labels]
    """Annotator → the labels they were asked about; who is not in it: about all."""
    gold_of: str = ""
    """The annotator whose layer is the gold; empty where the file has it of nobody, or none."""
    gold_asked: Labels | None = None
    """The labels they were asked about; None: about all."""

    @property
    def is_labelled(self) -> bool:
        return self.gold is not None or bool(self.layers)


def prepare(
    row: ParsedDocument, options: ImportOptions, split: str, allowed: SpanOverlap = SpanOverlap.ANY
) -> PreparedDocument:
    """The document to store; `split` is where it goes unless the file says otherwise.

    `allowed`: how spans may overlap in the project, for `options.longest`.
    """
    gold, gold_of, layers, asked = _labels(row, options) if options.with_labels else (None, "", {}, {})
    if options.longest:
        gold = None if gold is None else tuple(resolve_overlaps(gold, allowed))
        layers = {name: tuple(resolve_overlaps(spans, allowed)) for name, spans in layers.items()}
    return PreparedDocument(
        source=row,
        sha256=text_hash(row.text),
        tokens=row.tokens or tuple(tokenize(row.text)),
        split=(options.file_splits and row.split) or split,
        gold=gold,
        layers=layers,
        asked=asked,
        gold_of=gold_of,
        gold_asked=_question(row, gold_of, options),
    )


def _labels(
    row: ParsedDocument, options: ImportOptions
) -> tuple[Spans | None, str, dict[str, Spans], dict[str, Labels]]:
    gold, gold_of = None if row.spans is None else _mapped(row.spans, options), ""
    layers: dict[str, Spans] = {}
    asked: dict[str, Labels] = {}
    for name, spans in row.layers.items():
        use = options.layer_map.get(name, "annotator")
        if use == "gold" and gold is None:
            gold, gold_of = _mapped(spans, options), name
        if use != "annotator":
            continue
        question = _question(row, name, options)
        if question is not None and not question:
            # All they were asked about is left out: they have said nothing here.
            continue
        if question:
            asked[name] = question
        layers[name] = _mapped(spans, options)
    return gold, gold_of, layers, asked


def _question(row: ParsedDocument, name: str, options: ImportOptions) -> Labels | None:
    """The labels of the project that an annotator was asked about; None: about all."""
    if name not in row.asked:
        return None
    return frozenset(options.label_map.get(label, label) for label in row.asked[name]) - {""}


def _mapped(spans: Spans, options: ImportOptions) -> Spans:
    """The spans under their project labels; two that become the same are one."""
    named = (LabelledSpan(span.start, span.end, options.label_map.get(span.label, span.label)) for span in spans)
    return tuple(sorted({span for span in named if span.label}))

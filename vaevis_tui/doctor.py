"""What this machine has, and what the program chose because of it; the first thing to send along."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import TYPE_CHECKING

from vaevis_tui import __version__
from vaevis_tui.engine.decoder import DecoderInfo, EngineError
from vaevis_tui.errors import UserError
from vaevis_tui.pager import print_paged
from vaevis_tui.terminal.detect.ask import ask
from vaevis_tui.terminal.detect.capabilities import TerminalCapabilities, detect
from vaevis_tui.terminal.detect.replies import Reply
from vaevis_tui.terminal.detect.selection import offered
from vaevis_tui.terminal.detect.terminal_probe import TerminalProbe
from vaevis_tui.terminal.detect.window import window_of
from vaevis_tui.terminal.graphics import Graphics, GraphicsSupport

if TYPE_CHECKING:
    from vaevis_tui.engine.decoder import Images, Latents
    from vaevis_tui.engine.wgpu.kernels import Limits
    from vaevis_tui.engine.wgpu.tuning.tuning_cache import Choices
    from vaevis_tui.models.bundle import Bundle

PACKAGES = ("textual", "rich", "rich-pixels", "numpy", "onnx", "onnxruntime", "wgpu", "pillow")


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of opening the model on a backend.

    Attributes:
        asked: What ``--backend`` would have been.
        info: The decoder that opened, or None.
        problem: Why none opened; empty if one did.
        open_ms: Time to open it.
        first_decode_ms: Time of its first image.
        verdict: Whether a GPU's first image is onnxruntime's; empty for onnxruntime itself.
    """

    asked: str
    info: DecoderInfo | None
    problem: str
    open_ms: float
    first_decode_ms: float
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What the terminal was asked.

    Attributes:
        about: In words.
        sent: The query.
        answer: What came back; empty if nothing did.
    """

    about: str
    sent: str
    answer: str


@dataclass(frozen=True, slots=True)
class Answers:
    """What the terminal said of itself.

    Attributes:
        questions: All that were asked.
        problem: Why none was; empty if they were.
        answer_ms: Time until the last answer, or until it was not waited for any longer.
        support: What follows from the answers.
        offered: What images can be drawn with, best first.
    """

    questions: list[Question]
    problem: str
    answer_ms: float
    support: GraphicsSupport
    offered: tuple[Graphics, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What `examine` found."""

    version: str
    python: str
    system: str
    cores: int
    packages: dict[str, str]
    adapters: list[str]
    adapters_problem: str
    model: str
    chosen: Attempt
    others: list[Attempt]
    terminal: TerminalCapabilities
    answers: Answers
    columns: int
    rows: int


def examine(model: str, backend: str) -> Report:
    """Look at everything; takes a second or two where there is a GPU to be asked.

    Raises:
        UserError: there is no such model.
    """
    from vaevis_tui.models.bundle import open_bundle

    open_bundle(model)
    adapters, problem = _adapters()
    columns, rows = _size()
    terminal = detect(os.environ, stdin_isatty=sys.stdin.isatty(), stdout_isatty=sys.stdout.isatty())
    answers = _ask(terminal)
    return Report(
        version=__version__,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        packages={name: _version(name) for name in PACKAGES},
        adapters=adapters,
        adapters_problem=problem,
        model=model,
        chosen=_attempt(model, backend),
        others=[_attempt(model, other) for other in ("wgpu", "onnxruntime") if other != backend],
        terminal=terminal,
        answers=answers,
        columns=columns,
        rows=rows,
    )


def describe_plan(model: str) -> str:
    """What the wgpu backend does a frame for a model, as a table with a heading.

    It is made for the adapter that ``--backend wgpu`` would take; where there is none, for a GPU with no more
    than WebGPU's least limits.

    Raises:
        UserError: there is no such model, or the wgpu backend cannot compute it.
    """
    from vaevis_tui.engine.graph import UnsupportedGraph, import_onnx, rewrite
    from vaevis_tui.engine.wgpu.kernels import Limits
    from vaevis_tui.engine.wgpu.legalize import legalize
    from vaevis_tui.engine.wgpu.plan import make_plan
    from vaevis_tui.engine.wgpu.plan_text import plan_text
    from vaevis_tui.models.bundle import open_bundle

    bundle = open_bundle(model)
    where, limits, software, choices = _plan_target()
    try:
        graph = rewrite(import_onnx(bundle.read_decoder()))
        graph = legalize(graph, limits or Limits(), software)
        plan = make_plan(graph, limits=limits, software=software, choices=choices)
    except UnsupportedGraph as error:
        raise UserError(f"wgpu cannot decode {model}, onnxruntime does: {error}") from None
    return f"{model} on {where}\n{plan_text(plan, choices)}"


def _plan_target() -> tuple[str, Limits | None, bool, Choices | None]:
    """The adapter to plan for, its limits, whether it is the processor, and what was measured on it."""
    try:
        from vaevis_tui.engine.wgpu.device import find_adapter, open_device
        from vaevis_tui.engine.wgpu.tuning.tuning_cache import Choices

        summary, native = find_adapter()
        device, limits = open_device(native)
        device.destroy()
    except (EngineError, ImportError, OSError) as error:
        return f"a GPU of WebGPU's least limits, for there is none here ({error})", None, False, None
    return summary.name, limits, not summary.is_hardware, Choices.of_adapter(summary)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "missing"


def _ask(terminal: TerminalCapabilities) -> Answers:
    """Ask the terminal what it can do, if there is one at both ends."""
    probe = TerminalProbe.of(os.environ, terminal)
    replies: tuple[Reply, ...] = ()
    problem = ""
    began = time.perf_counter()
    if sys.platform == "win32":
        problem = "not asked: Windows' console is not known to answer"
    elif terminal.refusal:
        problem = "not asked: there is no terminal at both ends"
    else:
        try:
            replies = ask(b"".join(probe.queries.values()), probe.timeout)
        except OSError as error:
            problem = f"not asked: {error}"
    took = 1000 * (time.perf_counter() - began)
    answers = {reply.kind: _spelled(reply.raw) for reply in replies}
    support = probe.infer_support(replies, window_of(0))
    questions = [
        Question(str(kind), _spelled(query), answers.get(kind, "")) for kind, query in probe.queries.items()
    ]
    return Answers(questions if not problem else [], problem, took, support, offered(support))


def _spelled(sequence: bytes) -> str:
    """A sequence as people read it."""
    text = sequence.decode("latin-1").replace("\x1b\\", " ST").replace("\x1b", "ESC ").replace("\x07", " BEL")
    return "".join(character if character.isprintable() else f"\\x{ord(character):02x}" for character in text)


def _size() -> tuple[int, int]:
    """Columns and rows of the terminal, (0, 0) if there is none."""
    for stream in (sys.stdout, sys.stderr, sys.stdin):
        try:
            size = os.get_terminal_size(stream.fileno())
        except (OSError, ValueError):
            continue
        return size.columns, size.lines
    return 0, 0


def _numbered(adapters: list[str]) -> list[str]:
    """With the numbers that ``--adapter`` takes, where there is a choice."""
    return [f"{number}: {name}" for number, name in enumerate(adapters, 1)] if len(adapters) > 1 else adapters


def _adapters() -> tuple[list[str], str]:
    """Vulkan, Metal and Direct3D adapters by name, and why there are none."""
    from vaevis_tui.engine.decoder_process import list_adapters

    try:
        found = list_adapters()
    except EngineError as error:
        return [], str(error)
    return found, "" if found else "no driver offers one"


def _attempt(model: str, backend: str) -> Attempt:
    from vaevis_tui.engine.select import open_decoder
    from vaevis_tui.models.bundle import open_bundle

    bundle = open_bundle(model)
    z = bundle.space.first_look[None]
    began = time.perf_counter()
    try:
        with open_decoder(bundle, backend) as decoder:
            ready = time.perf_counter()
            images = decoder.decode(z)
            done = time.perf_counter()
            verdict = _verdict(bundle, z, images) if decoder.info.backend == "wgpu" else ""
            times = 1000 * (ready - began), 1000 * (done - ready)
            return Attempt(backend, decoder.info, "", *times, verdict)
    except (UserError, EngineError) as error:
        return Attempt(backend, None, str(error), 0.0, 0.0)


def _verdict(bundle: Bundle, z: Latents, images: Images) -> str:
    from vaevis_tui.engine.verify import check_images

    try:
        check_images(bundle, z, images)
    except EngineError as error:
        return str(error)
    return "its image is onnxruntime's"


def print_report(report: Report, *, as_json: bool) -> None:
    """Print aligned lines for people, or one JSON object for programs."""
    if as_json:
        print(json.dumps(_as_dict(report), indent=2))
        return
    lines = (
        line for heading, lines in _sections(report) for line in (heading, *(f"  {each}" for each in lines))
    )
    print_paged("".join(f"{line}\n" for line in lines))


def _as_dict(report: Report) -> dict[str, object]:
    fields = asdict(report)
    colors = report.terminal.colors
    fields["terminal"]["colors"] = {"depth": colors.depth.name.lower(), "grey": colors.grey}
    return fields


def _sections(report: Report) -> list[tuple[str, list[str]]]:
    terminal = report.terminal
    packages = ", ".join(f"{name} {version}" for name, version in report.packages.items())
    return [
        (
            f"vaevis-tui {report.version}",
            [f"Python {report.python}, {report.system}, {report.cores} cores", packages],
        ),
        ("GPU adapters", _numbered(report.adapters) or [f"none: {report.adapters_problem}"]),
        (f"decoding {report.model}", [_decoding(report.chosen, "chosen: ")]),
        ("  beside it", [_decoding(attempt, "") for attempt in report.others]),
        (
            "terminal",
            [
                f"TERM={terminal.term or '(not set)'}, {terminal.brand}, "
                f"{f'inside {terminal.multiplexer}' if terminal.multiplexer else 'no multiplexer'}, "
                f"{f'{report.columns}x{report.rows} cells' if report.columns else 'no window'}",
                f"colours: {'24 bit' if terminal.truecolor else terminal.colors.depth}, "
                f"because {terminal.colors_reason}",
                *filter(None, [terminal.refusal, terminal.notice]),
            ],
        ),
        ("terminal's answers", _answers(report.answers)),
        ("graphics", _graphics(report.answers)),
    ]


def _answers(answers: Answers) -> list[str]:
    if answers.problem:
        return [answers.problem]
    asked = max(len(question.sent) for question in answers.questions)
    lines = [
        f"{question.about:<20} {question.sent:<{asked}}  {question.answer or 'no answer'}"
        for question in answers.questions
    ]
    ended = "answered after" if answers.support.answered else "no answer within"
    return [*lines, f"{ended} {answers.answer_ms:.0f} ms"]


def _graphics(answers: Answers) -> list[str]:
    inferred = [f"{about + ':':<20} {why}" for about, why in answers.support.reasons]
    best, *others = answers.offered
    auto = f"auto takes {answers.support.best}; g goes through {', '.join((best, *others))}"
    return [*inferred, auto]


def _decoding(attempt: Attempt, label: str) -> str:
    info = attempt.info
    if info is None:
        return f"{label}{attempt.asked}: unavailable: {attempt.problem}"
    because = f", because {info.reason}" if info.reason else ""
    return (
        f"{label}{info.backend} on {info.adapter}, {info.precision}{because} "
        f"(ready in {attempt.open_ms:.0f} ms, first image {attempt.first_decode_ms:.1f} ms)"
        f"{'; ' if attempt.verdict else ''}{attempt.verdict}"
    )

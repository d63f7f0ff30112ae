"""MP4 and WebM through PyAV, which brings FFmpeg's libraries; an extra of the package, ``video``."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import ModuleType

import numpy as np

from vaevis_tui.errors import UserError
from vaevis_tui.export.animation.frames import FrameStream, Size, resized

_THREADS = 4
"""Always as many, whatever the machine has: the encoders' output may depend on it."""

_CODECS: dict[str, tuple[str, dict[str, str]]] = {
    # Without mbtree: its vector code reads memory that nobody wrote, so that no two files are surely equal.
    ".mp4": (
        "libx264",
        {"crf": "17", "preset": "veryfast", "tune": "animation", "x264-params": "mbtree=0"},
    ),
    ".webm": ("libvpx-vp9", {"crf": "24", "b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"}),
}
"""Codec by ending, and its options: a quality at which frames cannot be told from the images."""

_CONTAINER = {
    ".mp4": {"movflags": "+faststart"},  # the index comes first: a browser begins to show before it has all
    ".webm": {},
}


def video_library() -> ModuleType:
    """PyAV.

    Raises:
        UserError: It is not installed.
    """
    try:
        import av
    except ImportError:
        raise UserError(
            "video needs PyAV, which is not installed: pip install 'vaevis-tui[video]'; "
            ".gif, .webp and .png work without it"
        ) from None
    return av


def write_video(stream: FrameStream, path: Path, ending: str, size: Size) -> None:
    """Write frames as H.264 in MP4, or VP9 in WebM.

    Args:
        stream: The frames.
        path: Where to.
        ending: ``".mp4"`` or ``".webm"``, which `path` need not end in.
        size: Of the video; height and width must be even.

    Raises:
        UserError: PyAV is not installed, or was built without the codec.
        OSError: It cannot be written.
    """
    av = video_library()
    codec, options = _CODECS[ending]
    if size.nearest:  # before colour is halved: swscale repeats the pixels of both planes apart
        stream = resized(stream, size)
    rate = Fraction(stream.rate).limit_denominator(1001)
    with av.open(
        str(path), "w", format=ending[1:], options={"fflags": "+bitexact", **_CONTAINER[ending]}
    ) as container:
        try:
            video = container.add_stream(codec, rate=rate, options={"flags": "+bitexact", **options})
        except av.codec.codec.UnknownCodecError:
            raise UserError(
                f"this PyAV has no {codec}; install the one of pip install 'vaevis-tui[video]'"
            ) from None
        video.height, video.width = size.height, size.width
        video.pix_fmt = "yuv420p"
        video.thread_count = _THREADS
        # Colours as screens have them, and said so: players guess by the size otherwise.
        context = video.codec_context
        context.color_primaries = context.color_trc = context.colorspace = 1  # BT.709
        for frame in stream.take():
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
            picture = picture.reformat(
                size.width, size.height, "yuv420p", dst_colorspace="ITU709", interpolation="BICUBIC"
            )
            container.mux(video.encode(picture))
        container.mux(video.encode())

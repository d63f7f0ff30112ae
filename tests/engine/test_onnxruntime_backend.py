"""The onnxruntime backend against onnxruntime itself, run on the same file."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from tests.models.make import decoder_model, write_bundle, write_decoder
from vaevis_tui.engine import onnxruntime_backend
from vaevis_tui.engine.decoder import EngineError, Latents
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder, write_images
from vaevis_tui.errors import UserError
from vaevis_tui.models import catalog
from vaevis_tui.models.bundle import Bundle, open_bundle
from vaevis_tui.onnx_model import runtime


def latents(n: int, dim: int = 8) -> Latents:
    return np.random.default_rng(1).normal(size=(n, dim)).astype(np.float32)


def by_onnxruntime(path: Path, z: Latents) -> NDArray[np.uint8]:
    """What the file gives, by the words of the contract: round(255 * clip(y, 0, 1)), ties to even."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    y = np.concatenate([session.run(None, {name: row[None]})[0] for row in z])
    pixels = np.round(255 * np.clip(y.astype(np.float64), 0, 1)).astype(np.uint8)
    return np.repeat(pixels, 3 // pixels.shape[1], axis=1).transpose(0, 2, 3, 1)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("batch", ["n", 1])
def test_images_are_those_of_the_file(tmp_path: Path, channels: int, batch: str | int) -> None:
    path = write_decoder(tmp_path / "decoder.onnx", 8, height=32, width=28, channels=channels, batch=batch)
    z = latents(7)
    with OnnxRuntimeDecoder(path) as decoder:
        images = decoder.decode(z)
    expected = by_onnxruntime(path, z)
    assert images.dtype == np.uint8
    assert images.shape == (7, 32, 28, 3)
    assert images.flags.c_contiguous
    assert np.abs(images.astype(int) - expected.astype(int)).max() <= 1  # batches may sum in another order
    assert np.mean(images == expected) > 0.99
    assert np.ptp(images.astype(int)) > 50


def test_info(tmp_path: Path) -> None:
    bundle = open_bundle(write_bundle(tmp_path / "model", 5, height=28, width=32, channels=3))
    with OnnxRuntimeDecoder(bundle, reason="it was asked for") as decoder:
        info = decoder.info
    assert (info.backend, info.precision) == ("onnxruntime", "float32")
    assert info.adapter in onnxruntime.get_available_providers()
    assert (info.latent_dim, info.image_size, info.channels) == (5, (28, 32), 3)
    assert info.reason == "it was asked for"


def test_times_cover_the_last_decode(tmp_path: Path) -> None:
    with OnnxRuntimeDecoder(write_decoder(tmp_path / "decoder.onnx")) as decoder:
        decoder.decode(latents(3))
        first = decoder.times
        assert first.compute > 0
        assert first.unpack > 0
        assert first.total == first.submit + first.compute + first.unpack
        decoder.decode(latents(0))
        assert decoder.times.total == 0


def test_no_latent_vectors_give_no_images(tmp_path: Path) -> None:
    with OnnxRuntimeDecoder(write_decoder(tmp_path / "decoder.onnx")) as decoder:
        images = decoder.decode(latents(0))
    assert images.shape == (0, 28, 28, 3)
    assert images.dtype == np.uint8


def test_many_latent_vectors_are_decoded_in_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_decoder(tmp_path / "decoder.onnx")
    z = latents(3 * onnxruntime_backend._CHUNK + 1)
    with OnnxRuntimeDecoder(path) as decoder:
        images = decoder.decode(z)
        one_by_one = np.concatenate([decoder.decode(row[None]) for row in z])
    assert np.abs(images.astype(int) - one_by_one.astype(int)).max() <= 1


@pytest.mark.parametrize(
    "z", [np.zeros(8), np.zeros((1, 7)), np.zeros((1, 1, 8)), np.zeros((1, 9)), np.zeros((0, 7))]
)
def test_z_of_another_shape(tmp_path: Path, z: Latents) -> None:
    with OnnxRuntimeDecoder(write_decoder(tmp_path / "decoder.onnx")) as decoder:
        with pytest.raises(ValueError, match=r"z has shape .*; \(n, 8\) is expected"):
            decoder.decode(z)
        decoder.decode(latents(1))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_z_that_is_no_number(tmp_path: Path, value: float) -> None:
    with OnnxRuntimeDecoder(write_decoder(tmp_path / "decoder.onnx")) as decoder:
        z = latents(2)
        z[1, 3] = value
        with pytest.raises(ValueError, match="z holds NaN or infinities"):
            decoder.decode(z)


def test_other_layouts_of_z_are_taken(tmp_path: Path) -> None:
    with OnnxRuntimeDecoder(write_decoder(tmp_path / "decoder.onnx")) as decoder:
        z = latents(4)
        expected = decoder.decode(z)
        np.testing.assert_array_equal(decoder.decode(np.asfortranarray(z)), expected)
        np.testing.assert_array_equal(decoder.decode(np.repeat(z, 2, axis=0)[::2]), expected)


def test_values_are_rounded_to_even_and_clipped() -> None:
    exact = np.array([0.5, 1.5, 2.5, 253.5, 254.5], np.float32) / np.float32(255)
    values = np.concatenate((exact, np.array([-1, 0, 1, 2, -np.inf, np.inf, np.nan], np.float32)))
    # The ties must be ties in float32 for the test to mean anything.
    np.testing.assert_array_equal(exact * np.float32(255), [0.5, 1.5, 2.5, 253.5, 254.5])
    images = np.empty((1, 1, 12, 3), np.uint8)
    write_images(values.reshape(1, 1, 1, 12), images)
    for channel in range(3):
        assert images[0, 0, :, channel].tolist() == [0, 2, 2, 254, 254, 0, 0, 255, 255, 0, 255, 0]


def test_colours_stay_apart() -> None:
    values = np.stack([np.full((2, 2), value, np.float32) for value in (0.0, 0.5, 1.0)])[None]
    images = np.empty((1, 2, 2, 3), np.uint8)
    write_images(values, images)
    assert images[0, 1, 1].tolist() == [0, 128, 255]


def test_numbers_that_the_model_itself_makes_not_a_number_are_black(tmp_path: Path) -> None:
    model = decoder_model(8)
    bias = next(tensor for tensor in model.graph.initializer if tensor.name == "conv2.bias")
    bias.CopyFrom(numpy_helper.from_array(np.full(1, np.nan, np.float32), "conv2.bias"))
    path = tmp_path / "decoder.onnx"
    path.write_bytes(model.SerializeToString())
    with OnnxRuntimeDecoder(path) as decoder:
        assert not decoder.decode(latents(1)).any()


def test_tanh_is_mapped(tmp_path: Path) -> None:
    path = write_decoder(tmp_path / "decoder.onnx", final="Tanh")
    z = latents(2)
    with OnnxRuntimeDecoder(path) as decoder:
        images = decoder.decode(z)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (y,) = session.run(None, {"z": z})
    expected = np.round(255 * np.clip(y / 2 + 0.5, 0, 1))[:, 0]
    assert np.abs(images[..., 0] - expected).max() <= 1


def test_a_closed_decoder(tmp_path: Path) -> None:
    decoder = OnnxRuntimeDecoder(write_decoder(tmp_path / "decoder.onnx"))
    decoder.close()
    decoder.close()
    with pytest.raises(EngineError, match="the decoder is closed"):
        decoder.decode(latents(1))


def test_cancelling_ends_a_decode_in_another_thread(tmp_path: Path) -> None:
    path = write_decoder(tmp_path / "decoder.onnx", height=128, width=128, channels=3, features=32)
    ended = threading.Event()
    began = threading.Event()
    with OnnxRuntimeDecoder(path) as decoder:

        def decode() -> None:
            began.set()
            with pytest.raises(EngineError, match=r"onnxruntime: .*terminate"):
                decoder.decode(np.zeros((10**5, 8), np.float32))  # many minutes
            ended.set()

        thread = threading.Thread(target=decode)
        thread.start()
        assert began.wait(20)
        decoder.cancel()
        thread.join(20)
    assert ended.is_set()


def unrunnable() -> onnx.ModelProto:
    """Sound by every shape, but the bias of a convolution is not as long as its channels."""
    model = decoder_model(8)
    bias = next(tensor for tensor in model.graph.initializer if tensor.name == "conv1.bias")
    bias.CopyFrom(numpy_helper.from_array(np.zeros(5, np.float32), "conv1.bias"))
    return model


def test_a_model_that_onnxruntime_does_not_run_is_refused_when_it_is_opened(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "decoder.onnx"
    path.write_bytes(unrunnable().SerializeToString())
    with pytest.raises(UserError) as refusal:
        OnnxRuntimeDecoder(path)
    assert str(refusal.value).startswith(f"{path}: ")
    assert "onnxruntime: " in str(refusal.value)
    assert str(refusal.value).isprintable()
    assert capfd.readouterr() == ("", "")


def test_a_model_that_onnxruntime_does_not_load_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model = decoder_model(8)
    relu = next(node for node in model.graph.node if node.op_type == "Relu")
    relu.op_type = "Round"
    # Mod of floats needs fmod=1: nothing about shapes, so the checks let it pass.
    constant = numpy_helper.from_array(np.array([2], np.float32), "two")
    model.graph.initializer.append(constant)
    model.graph.node.append(helper.make_node("Mod", ["image", "two"], ["last"], fmod=0))
    model.graph.output[0].name = "last"
    path = tmp_path / "decoder.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(UserError, match="onnxruntime: "):
        OnnxRuntimeDecoder(path)
    assert capfd.readouterr() == ("", "")


def test_an_output_of_another_shape_than_the_card_says(tmp_path: Path) -> None:
    """A shipped file is not judged before it is opened: then its images are."""
    bundle = open_bundle(write_bundle(tmp_path / "model"))
    other = Bundle(
        **{
            name: getattr(bundle, name)
            for name in Bundle.__slots__
            if name not in ("image_height", "shipped")
        },
        image_height=30,
        shipped=True,
    )
    with (
        OnnxRuntimeDecoder(other) as decoder,
        pytest.raises(EngineError, match=r"made float32 of shape \(1, 1, 28, 28\), not \(1, 1, 30, 28\)"),
    ):
        decoder.decode(latents(1))


@pytest.mark.parametrize("name", catalog.names())
def test_shipped_models_are_opened_without_onnx(name: str) -> None:
    """Importing onnx costs 70 ms and 13 MB, which the first image would wait for."""
    program = (
        "import sys; from vaevis_tui.models.bundle import open_bundle;"
        "from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder;"
        f"bundle = open_bundle({name!r}); decoder = OnnxRuntimeDecoder(bundle);"
        "print(decoder.decode(bundle.space.sample(3)).shape, 'onnx' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    bundle = open_bundle(name)
    assert done.stdout == f"{(1, bundle.image_height, bundle.image_width, 3)} False\n"


@pytest.mark.parametrize("name", catalog.names())
def test_shipped_models_judged_and_not_judged_make_the_same_images(name: str, tmp_path: Path) -> None:
    bundle = open_bundle(name)
    copy = tmp_path / "decoder.onnx"
    copy.write_bytes(bundle.decoder_path.read_bytes())
    z = bundle.space.sample(1, 4)
    with OnnxRuntimeDecoder(bundle) as shipped, OnnxRuntimeDecoder(copy) as bare:
        np.testing.assert_array_equal(shipped.decode(z), bare.decode(z))


@pytest.mark.parametrize(
    ("multiply_adds", "cores", "threads"), [(10**6, 8, 1), (10**8, 1, 1), (10**8, 2, 2), (10**10, 64, 4)]
)
def test_threads_follow_the_work_and_the_cores(multiply_adds: int, cores: int, threads: int) -> None:
    assert runtime.threads(multiply_adds, cores) == threads


def test_chunks_of_a_large_batch_take_one_thread_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two chunks beside each other, of two threads each, are in each other's way on two cores."""
    monkeypatch.setattr(runtime, "cores", lambda: 2)
    monkeypatch.setattr(onnxruntime_backend, "cores", lambda: 2)
    opened: list[int] = []

    def open_session(*args: Any, **kwargs: Any) -> onnxruntime.InferenceSession:
        session = runtime.open_session(*args, **kwargs)
        opened.append(session.get_session_options().intra_op_num_threads)
        return session

    monkeypatch.setattr(onnxruntime_backend, "open_session", open_session)
    bundle = open_bundle("dog")
    z = bundle.space.sample(1, 70)
    with OnnxRuntimeDecoder(bundle) as decoder:
        few = decoder.decode(z[:12])
        assert opened == [2], "a few images, as the explorer decodes, are not worth another session"
        many = decoder.decode(z)
        np.testing.assert_array_equal(decoder.decode(z), many)
        assert opened == [2, 1]
    assert np.abs(many[:12].astype(int) - few.astype(int)).max() <= 1
    with pytest.raises(EngineError, match="the decoder is closed"):
        decoder.decode(z)


@pytest.mark.parametrize(
    ("count", "most", "workers", "chunk"), [(256, 32, 2, 32), (64, 4, 2, 4), (33, 16, 2, 9), (9, 4, 8, 2)]
)
def test_every_worker_gets_as_many_chunks(count: int, most: int, workers: int, chunk: int) -> None:
    """Three chunks for two workers would let one of them wait for a third of the time."""
    assert onnxruntime_backend.even_chunk(count, most, workers) == chunk


def test_a_light_model_is_opened_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime_backend, "cores", lambda: 2)
    with OnnxRuntimeDecoder(open_bundle("mnist")) as decoder:
        monkeypatch.delattr(onnxruntime_backend, "open_session")
        assert decoder.decode(np.zeros((70, decoder.info.latent_dim), np.float32)).shape == (70, 28, 28, 3)


@pytest.mark.skipif(not hasattr(os, "times"), reason="no process times on this system")
def test_waiting_takes_no_processor_time(tmp_path: Path) -> None:
    """onnxruntime's threads would spin for a while after each image, taking a core from drawing."""
    path = write_decoder(tmp_path / "decoder.onnx", height=128, width=128, channels=3, features=32)
    program = (
        "import os, time, numpy as np; from pathlib import Path;"
        "from vaevis_tui.onnx_model import runtime;"
        "from vaevis_tui.engine import onnxruntime_backend as backend;"
        "runtime.threads = lambda work, cores: 4;"
        f"decoder = backend.OnnxRuntimeDecoder(Path({str(path)!r}));"
        "z = np.zeros((1, 8), np.float32); decoder.decode(z);"
        "before = sum(os.times()[:2]);"
        "time.sleep(0.3);"
        "print(sum(os.times()[:2]) - before)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 0.05


def test_nothing_is_reported_to_onnxruntimes_maker(tmp_path: Path) -> None:
    """It would keep a number of the device under the home folder, and what it has not sent yet."""
    quiet = ("CI", "TF_BUILD", "GITHUB_ACTIONS", "ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME", "XDG_DATA_HOME")
    environ = {name: value for name, value in os.environ.items() if name not in quiet}
    program = [sys.executable, "-m", "vaevis_tui", "sample", "--model", "mnist"]
    show = [sys.executable, "-m", "vaevis_tui", "show", "--model", "mnist", "--backend", "onnxruntime"]
    for command in (program, show):
        subprocess.run(command, env={**environ, "HOME": str(tmp_path)}, check=True, capture_output=True)
    left = [path for path in tmp_path.rglob("*") if "vaevis-tui" not in path.parts]
    assert [path for path in left if path.name not in {".cache", ".local", "state", "share"}] == []

"""Pictures with depth as LLaVA's processor takes them: the depth map is a fourth channel of its picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from transformers import AutoImageProcessor, AutoProcessor, BatchFeature, LlavaProcessor
from transformers.image_processing_backends import PilBackend
from transformers.image_utils import PILImageResampling
from transformers.processing_utils import ImagesKwargs

from embodied.models.rgbd_vision import DEPTH_SPREAD_M, MIDDLE_DEPTH_M, RgbdVisionConfig


class RgbdImagesKwargs(ImagesKwargs, total=False):
    """What can be said beside a picture.

    Attributes:
        depth_m: For every picture its depth map (height, width) in metres, NaN for "no reading", or ``None``.
    """

    depth_m: list[Any] | None


class RgbdImageProcessorPil(PilBackend):
    """Stretches pictures and depth maps to one size, and stacks them."""

    valid_kwargs = RgbdImagesKwargs
    model_input_names = ["pixel_values"]
    size = {"height": 336, "width": 448}
    resample = PILImageResampling.BOX
    image_mean = (0.5, 0.5, 0.5)
    image_std = (0.25, 0.25, 0.25)
    do_resize = do_rescale = do_normalize = do_convert_rgb = True

    def _preprocess(  # type: ignore[override]  # the library passes everything by name
        self,
        images: list[NDArray[np.uint8]],
        depth_m: Sequence[NDArray[np.float32] | None] | None = None,
        **settings: Any,
    ) -> BatchFeature:
        size = settings["size"]
        depths_m = depth_m if depth_m is not None else [None] * len(images)
        if len(depths_m) != len(images):
            raise ValueError(f"{len(depths_m)} depth maps for {len(images)} pictures")
        mean, std = (np.array(settings[name], np.float32) for name in ("image_mean", "image_std"))
        stacked = [
            _stack(image, one_depth_m, (size["height"], size["width"]), mean, std)
            for image, one_depth_m in zip(images, depths_m, strict=True)
        ]
        return BatchFeature({"pixel_values": stacked}, tensor_type=settings.get("return_tensors"))


def _stack(
    image: NDArray[np.uint8],
    depth_m: NDArray[np.float32] | None,
    size_px: tuple[int, int],
    mean: NDArray[np.float32],
    std: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Colour (3, height, width) and depth as one array (4, *size_px) for the tower."""
    height_px, width_px = size_px
    colours: NDArray[Any] = cv2.resize(np.moveaxis(image, 0, -1), (width_px, height_px), interpolation=cv2.INTER_AREA)
    colours = (colours.reshape(height_px, width_px, -1).astype(np.float32) / 255.0 - mean) / std
    read_m = np.zeros(size_px, np.float32) if depth_m is None else np.nan_to_num(np.asarray(depth_m, np.float32))
    depths_m: NDArray[Any] = cv2.resize(read_m, (width_px, height_px), interpolation=cv2.INTER_NEAREST)
    channels = np.concatenate([colours, (depths_m[..., None] - MIDDLE_DEPTH_M) / DEPTH_SPREAD_M], -1)
    return np.ascontiguousarray(np.moveaxis(channels, -1, 0), dtype=np.float32)


class RgbdProcessor(LlavaProcessor):
    """LLaVA's processor; ``depth_m`` goes through to the image processor, and a picture becomes ``image_tokens``."""

    def __init__(
        self, image_processor: Any = None, tokenizer: Any = None, chat_template: Any = None, image_tokens: int = 0
    ) -> None:
        """As the library loads it: it looks these names up."""
        self.image_tokens = image_tokens
        super().__init__(image_processor, tokenizer, chat_template=chat_template)  # type: ignore[no-untyped-call]

    def replace_image_token(self, image_inputs: Mapping[str, Any], image_idx: int, **_: Any) -> str:
        """The markers of one picture."""
        return "".join([self.image_token] * self.image_tokens)


AutoImageProcessor.register(RgbdVisionConfig, image_processor_classes={"pil": RgbdImageProcessorPil})
_processors: Any = AutoProcessor
_processors.register(RgbdVisionConfig, RgbdProcessor)
